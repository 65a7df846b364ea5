internal import ArgumentParser
internal import Thimble
internal import ThimbleImport
internal import ThimbleModel
internal import ThimbleReference
internal import ThimbleSystem

/// The checkpoint at `path`, to be run in place. What it says and nobody heeds is told.
private func openCheckpoint(
  _ path: String, _ options: RunOptions, _ heads: [any Head.Type]
) throws -> ModelSource {
  let options = try checkpointOptions(options, path)
  let checkpoint = try ModelCheckpoint.open(path)
  warn(of: checkpoint, path)
  return try .checkpoint(checkpoint, options: options, heads: heads)
}

/// Tells what the files of a checkpoint say and nobody heeds.
func warn(of checkpoint: ModelCheckpoint, _ path: String) {
  for warning in checkpoint.warnings { warn("\(path): \(warning)".printable(limit: 2000)) }
}

/// Options that say what a checkpoint cannot do are refused rather than ignored.
private func checkpointOptions(_ options: RunOptions, _ path: String) throws -> RunOptions {
  guard options.activations == .int8 else {
    throw ValidationError(
      "--activations \(options.activations.rawValue): \(path.printable()) is a checkpoint and runs in fp32. Convert it first."
    )
  }
  if options.memory != .automatic {
    warn(
      "--memory has no effect on a checkpoint, whose weights stay in its file. Convert it first.")
  }
  return options
}

/// Whether `path` is meant as a .thimble file: by its name or by its first byte, which no checkpoint has.
func isThimbleFile(_ path: String) -> Bool {
  if path.hasSuffix(".thimble") { return true }
  guard kind(ofPath: path) == .file, let bytes = try? MappedFile(path: path).bytes else {
    return false
  }
  return bytes.count > 1 && bytes[0] == 0x89 && bytes[1] == 0x54
}

/// What a model is made from: a .thimble file, or a checkpoint, which then runs in place in fp32.
///
/// - Parameter heads: what will be read.
func openSource(
  _ path: String, _ options: RunOptions, heads: [any Head.Type]
) throws -> ModelSource {
  if isThimbleFile(path) {
    return try .file(path, options: options, heads: heads)
  }
  return try openCheckpoint(path, options, heads)
}
