public import Thimble
internal import ThimbleArchitecture
public import ThimbleImport
internal import ThimbleModel
internal import ThimbleSystem
internal import ThimbleText

extension ModelSource {
  /// The checkpoint at `path`, a folder or a file, to be run in place in fp32.
  public static func checkpoint(
    _ path: String, options: RunOptions = RunOptions()
  ) throws -> ModelSource {
    try .checkpoint(try XLMCheckpoint.open(path), options: options)
  }

  /// A checkpoint that was opened, to be run in place in fp32.
  public static func checkpoint(
    _ checkpoint: XLMCheckpoint, options: RunOptions = RunOptions()
  ) throws -> ModelSource {
    let kernels = try options.kernels()
    let weights = try CheckpointWeights(
      checkpoint, workers: options.threadCount, kernels: kernels)
    return ModelSource(
      weights, tokenizer: try ByteView(try checkpoint.tokenizerTables() ?? []), plan: nil,
      maximumTokens: options.maximumTokens ?? checkpoint.configuration.maxPositions,
      threads: options.threadCount, kernels: kernels)
  }
}
