public import Thimble
internal import ThimbleArchitecture
public import ThimbleImport
public import ThimbleModel
internal import ThimbleSystem
package import ThimbleText

extension ModelSource {
  /// The checkpoint at `path`, a folder or a file, to be run in place in fp32.
  public static func checkpoint(
    _ path: String, options: RunOptions = RunOptions(), heads: [any Head.Type]? = nil
  ) throws -> ModelSource {
    try .checkpoint(try ModelCheckpoint.open(path), options: options, heads: heads)
  }

  /// A checkpoint that was opened, to be run in place in fp32.
  public static func checkpoint(
    _ checkpoint: ModelCheckpoint, options: RunOptions = RunOptions(),
    heads: [any Head.Type]? = nil
  ) throws -> ModelSource {
    let kernels = try options.kernels()
    let weights = try CheckpointWeights(
      checkpoint, workers: options.threadCount, kernels: kernels)
    var source = ModelSource(
      weights, tokenizer: try checkpoint.openTokenizer(), plan: nil,
      maximumTokens: options.maximumTokens ?? checkpoint.configuration.maxPositions,
      heads: heads, threads: options.threadCount, kernels: kernels)
    source.isCausal = options.isCausal ?? source.isCausal
    return source
  }
}

extension ModelCheckpoint {
  /// Its tokenizer tables, made in memory; nil if it has no vocabulary.
  package func openTokenizer() throws -> TokenizerTables? {
    try tokenizerTables().map { try TokenizerTables(view: ByteView($0)) }
  }
}
