public import ThimbleArchitecture
internal import ThimbleFormat
public import ThimbleModel
public import ThimbleSystem
public import ThimbleText

/// Everything that a model is made from: its weights, its tokenizer, and how it is to run.
public struct ModelSource {
  /// The file or checkpoint that it was opened from.
  public let path: String
  public let provider: any WeightProvider
  /// Whether tokens see only those before them, whatever the configuration of `provider` says.
  public var isCausal: Bool
  /// nil for a model without vocabulary.
  public let tokenizer: TokenizerTables?
  /// What of the memory goes where; nil for a checkpoint that is run in place.
  public let plan: MemoryPlan?
  /// The most tokens of a batch.
  public let maximumTokens: Int
  /// What the inputs of int8 weights are rounded to.
  public var activations: ActivationPrecision { headSize.activations }
  public let threads: Int
  public let kernels: KernelTable
  /// What will be read, and how much at once.
  public let heads: [any Head.Type]
  public let headSize: HeadSize

  /// That of the weights, as it is run.
  public var configuration: ModelConfiguration {
    var configuration = provider.configuration
    configuration.isCausal = isCausal
    return configuration
  }

  /// - Parameters:
  ///   - plan: the one that the weights were made by, if any.
  ///   - heads: what will be read; nil: whatever the weights have heads for.
  public init(
    _ provider: any WeightProvider, tokenizer: TokenizerTables?, plan: MemoryPlan?,
    maximumTokens: Int, heads: [any Head.Type]? = nil, _ headSize: HeadSize = HeadSize(),
    threads: Int, kernels: KernelTable
  ) {
    path = provider.path
    self.provider = provider
    isCausal = provider.configuration.isCausal
    self.tokenizer = tokenizer
    self.plan = plan
    self.maximumTokens = maximumTokens
    self.heads = heads ?? Heads.available(provider.heads)
    self.headSize = headSize
    self.threads = threads
    self.kernels = kernels
  }

  /// The .thimble file at `path`.
  ///
  /// - Parameter heads: those that memory is planned for; nil: all that the file has.
  public static func file(
    _ path: String, options: RunOptions = RunOptions(), heads: [any Head.Type]? = nil
  ) throws -> ModelSource {
    let kernels = try options.kernels()
    let opened = try ModelFile(path: path)
    let (file, configuration) = (opened.file, opened.configuration)
    let heads = heads ?? Heads.available(opened.heads)
    let plan = try MemoryPlan(
      file, configuration: configuration, budget: options.memory,
      tokens: options.maximumTokens ?? configuration.maxPositions,
      heads: heads, options.headSize, base: options.base, threads: options.threadCount)
    let weights = try FileWeights(
      file, plan: plan, workers: options.threadCount, kernels: kernels)
    var source = ModelSource(
      weights, tokenizer: opened.tables, plan: plan, maximumTokens: plan.maximumTokens,
      heads: heads, plan.headSize, threads: options.threadCount, kernels: kernels)
    source.isCausal = options.isCausal ?? source.isCausal
    return source
  }
}
