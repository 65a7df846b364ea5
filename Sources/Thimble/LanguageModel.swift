public import ThimbleArchitecture
public import ThimbleModel
public import ThimbleSystem
public import ThimbleText

/// A model that is ready to run, with its tokenizer: what other programs use.
///
///     let model = try LanguageModel(path: "xlm.thimble")
///     let fillings = try model.fillMask("Paris is the <mask> of France.")
///
/// One text at a time; not for several threads at once, since it uses them itself.
public final class LanguageModel {
  /// The file or checkpoint that it was opened from.
  public let path: String
  /// What of the memory goes where; nil for a checkpoint that is run in place.
  public let plan: MemoryPlan?
  public let masked: MaskedLanguageModel
  /// What lies between texts and token ids.
  public let text: ModelText
  var tokenizer: Tokenizer?
  let batch: Batch

  public var configuration: ModelConfiguration { masked.encoder.configuration }
  /// nil if the model came without vocabulary.
  public var tables: TokenizerTables? { text.tables }

  /// Opens the .thimble file at `path`.
  public convenience init(path: String, options: RunOptions = RunOptions()) throws {
    try self.init(.file(path, options: options, scoresVocabulary: true))
  }

  /// A model with the weights and tokenizer of `source`.
  public convenience init(_ source: ModelSource) throws {
    try self.init(
      source.provider, tokenizer: source.tokenizer, plan: source.plan,
      maximumTokens: source.maximumTokens, activations: source.activations,
      threads: source.threads, kernels: source.kernels)
  }

  /// A model with the weights of `provider`.
  ///
  /// - Parameters:
  ///   - tokenizer: nil for none.
  ///   - plan: the one that the weights were made by, if any.
  public init(
    _ provider: some WeightProvider, tokenizer: TokenizerTables?, plan: MemoryPlan?,
    maximumTokens: Int,
    activations: ActivationPrecision = .int8, threads: Int, kernels: KernelTable
  ) throws {
    path = provider.path
    self.plan = plan
    masked = try MaskedLanguageModel(
      provider, maximumTokens: maximumTokens,
      positionsPerRound: plan?.positionsPerRound ?? MaskedLanguageModel.standardPositionsPerRound,
      activations: activations, pool: ComputePool(threadCount: threads), kernels: kernels)
    batch = try Batch(maximumTokens: maximumTokens)
    let configuration = provider.configuration
    text = ModelText(
      path: path, configuration: configuration,
      tables: tokenizer,
      longestText: min(configuration.maxPositions, maximumTokens))
    self.tokenizer = text.makeTokenizer()
  }

  /// The most tokens that a text may have, its ends included.
  public var longestText: Int { text.longestText }
}
