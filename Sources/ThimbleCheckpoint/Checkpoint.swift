public import ThimbleSystem

/// The tensors of a checkpoint, in any container that one comes in. Knows no model.
///
/// The files are mapped, and nothing is copied out of them: opening reads headers only, and the
/// tensors lie where they are for as long as anyone holds one.
public struct Checkpoint: Sendable {
  public enum Container: String, Sendable {
    case safetensors
    case torchZip = "torch zip"
    case torchLegacy = "torch legacy"
  }

  /// The file that was opened: weights, or the index of several such files.
  public let path: String
  public let container: Container
  public let fileCount: Int
  /// The tensors by name, without duplicates. Empty if they lie deeper in `object`.
  public let tensors: [CheckpointTensor]
  /// The whole pickled object of a single torch file.
  public let object: PickledValue?

  /// Opens a file, or the checkpoint in a directory.
  ///
  /// What a file is shows in its first bytes; its name does not matter. In a directory the order of
  /// Hugging Face holds: safetensors, its index, pytorch_model.bin, its index; then the only other file of weights.
  public static func open(_ path: String) throws(CheckpointError) -> Checkpoint {
    try openFile(
      kind(ofPath: path) == .folder ? CheckpointFolder.weights(in: path) : path,
      allowsIndex: true)
  }

  static func openFile(_ path: String, allowsIndex: Bool) throws(CheckpointError) -> Checkpoint {
    let file: ByteView
    do { file = try MappedFile(path: path).bytes } catch { throw .system(error) }
    return try read(file, path: path, allowsIndex: allowsIndex)
  }

  /// Reads a checkpoint from the bytes of its file.
  ///
  /// - Parameters:
  ///   - path: what messages call the file; an index looks for its shards beside it.
  ///   - allowsIndex: whether the file may be an index.
  public static func read(
    _ file: ByteView, path: String, allowsIndex: Bool = true
  ) throws(CheckpointError) -> Checkpoint {
    let object: PickledValue
    let container: Container
    switch try FileKind(file, path: path) {
    case .safetensors:
      do {
        return Checkpoint(
          path: path, container: .safetensors, fileCount: 1,
          tensors: try SafetensorsReader.read(file), object: nil)
      } catch {
        throw .safetensors(path: path, error)
      }
    case .index:
      guard allowsIndex else { throw .shards(path: path, .nested(file: path)) }
      return try ShardIndex.read(file, path: path)
    case .torchZip:
      container = .torchZip
      object = try TorchZipReader.read(file, path: path)
    case .torchLegacy:
      container = .torchLegacy
      object = try TorchLegacyReader.read(file, path: path)
    }
    guard object.isDictionary else { throw .torch(path: path, .noDictionary) }
    return Checkpoint(
      path: path, container: container, fileCount: 1, tensors: try object.tensors(), object: object)
  }
}

/// What the first bytes of a file say that it is.
private enum FileKind {
  case safetensors, index, torchZip, torchLegacy

  init(_ file: ByteView, path: String) throws(CheckpointError) {
    func begins(_ bytes: [UInt8], at offset: Int = 0) -> Bool {
      file.count >= offset + bytes.count && file[offset..<offset + bytes.count].bytes() == bytes
    }
    func begins(_ text: String, at offset: Int = 0) -> Bool { begins(Array(text.utf8), at: offset) }

    // First, because the size of a header can look like the beginning of anything.
    if begins("{", at: 8), file.load(at: 0, as: UInt64.self) <= SafetensorsReader.largestHeader {
      self = .safetensors
    } else if begins("PK\u{3}\u{4}") {
      self = .torchZip
    } else if TorchLegacyReader.magicEnd(file) != nil {
      self = .torchLegacy
    } else if let foreign = ForeignFile(file) {
      throw .foreign(path: path, foreign)
    } else if begins("{") {
      self = .index
    } else if begins("{", at: 8) {
      self = .safetensors
    } else {
      throw .foreign(path: path, .unknown)
    }
  }
}

extension ForeignFile {
  /// What the first bytes say that cannot be the beginning of a checkpoint or of its other files.
  package init?(_ file: ByteView) {
    func begins(_ bytes: [UInt8], at offset: Int = 0) -> Bool {
      file.count >= offset + bytes.count && file[offset..<offset + bytes.count].bytes() == bytes
    }
    func begins(_ text: String, at offset: Int = 0) -> Bool { begins(Array(text.utf8), at: offset) }

    if file.isEmpty {
      self = .empty
    } else if begins("version https://git-lfs") {
      self = .gitLFSPointer
    } else if begins("<!") || begins("<html") || begins("<HTML") || begins("<?xml") {
      self = .html
    } else if begins([0x89, 0x48, 0x44, 0x46]) {
      self = .hdf5
    } else if begins([0x1F, 0x8B]) {
      self = .gzip
    } else if begins("ustar", at: 257) {
      self = .tar
    } else {
      return nil
    }
  }
}
