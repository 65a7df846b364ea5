internal import ThimbleArchitecture
internal import ThimbleFormat
public import ThimbleModel
public import ThimbleSystem
public import ThimbleText

/// Everything that a model is made from: its weights, its tokenizer, and how it is to run.
public struct ModelSource {
  /// The file or checkpoint that it was opened from.
  public let path: String
  public let provider: any WeightProvider
  /// nil for a model without vocabulary.
  public let tokenizer: TokenizerTables?
  /// What of the memory goes where; nil for a checkpoint that is run in place.
  public let plan: MemoryPlan?
  /// The most tokens of a batch.
  public let maximumTokens: Int
  /// What the inputs of int8 weights are rounded to.
  public let activations: ActivationPrecision
  public let threads: Int
  public let kernels: KernelTable

  /// - Parameter plan: the one that the weights were made by, if any.
  public init(
    _ provider: any WeightProvider, tokenizer: TokenizerTables?, plan: MemoryPlan?,
    maximumTokens: Int,
    activations: ActivationPrecision = .int8, threads: Int, kernels: KernelTable
  ) {
    path = provider.path
    self.provider = provider
    self.tokenizer = tokenizer
    self.plan = plan
    self.maximumTokens = maximumTokens
    self.activations = activations
    self.threads = threads
    self.kernels = kernels
  }

  /// The .thimble file at `path`.
  ///
  /// - Parameter scoresVocabulary: whether memory is planned for the scores of all tokens; nil: if the model has the head
  ///   for it.
  public static func file(
    _ path: String, options: RunOptions = RunOptions(), scoresVocabulary: Bool?
  ) throws -> ModelSource {
    let kernels = try options.kernels()
    let opened = try ModelFile(path: path)
    let (file, configuration) = (opened.file, opened.configuration)
    let plan = try MemoryPlan(
      file, configuration: configuration, budget: options.memory,
      tokens: options.maximumTokens ?? configuration.maxPositions,
      withHead: scoresVocabulary ?? opened.heads.contains(.languageModel),
      positionsPerRound: options.positionsPerRound, activations: options.activations,
      base: options.base, threads: options.threadCount)
    let weights = try FileWeights(
      file, plan: plan, workers: options.threadCount, kernels: kernels)
    return ModelSource(
      weights, tokenizer: opened.tables, plan: plan, maximumTokens: plan.maximumTokens,
      activations: options.activations, threads: options.threadCount, kernels: kernels)
  }
}
