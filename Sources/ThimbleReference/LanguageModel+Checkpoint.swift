public import Thimble
internal import ThimbleArchitecture
internal import ThimbleImport
internal import ThimbleModel
internal import ThimbleSystem
internal import ThimbleText

extension LanguageModel {
  /// Opens the checkpoint at `checkpoint`, a folder or a file, to run it in place in fp32.
  public convenience init(checkpoint: String, options: RunOptions = RunOptions()) throws {
    let kernels = try options.kernels()
    let checkpoint = try XLMCheckpoint.open(checkpoint)
    let weights = try CheckpointWeights(
      checkpoint, workers: options.threadCount, kernels: kernels)
    try self.init(
      weights, tokenizer: try ByteView(try checkpoint.tokenizerTables() ?? []), plan: nil,
      maximumTokens: options.maximumTokens ?? checkpoint.configuration.maxPositions,
      threads: options.threadCount, kernels: kernels)
  }
}
