public import ThimbleModel
public import ThimbleSystem

/// How a model is run. Of all this only `activations` and `isCausal` change a result.
public struct RunOptions: Sendable {
  /// Private memory to stay under.
  public var memory: MemoryBudget
  /// Threads; nil: as many as the processors that this process may use.
  public var threads: Int?
  /// The name of the instruction set to use; nil: the best that the machine runs.
  public var isa: String?
  /// The most tokens of a batch; nil: as many as the longest sequence of the model.
  public var maximumTokens: Int?
  /// Tokens that are scored against the vocabulary at once; each takes 4 bytes per token of the vocabulary.
  public var positionsPerRound = MaskedLanguageModel.standardPositionsPerRound
  /// What the inputs of int8 weights are rounded to. Checkpoints run in fp32, without rounding.
  public var activations = ActivationPrecision.int8
  /// Whether tokens see only those before them; nil: as the configuration says. That of the public causal checkpoints
  /// (xlm-clm-enfr-1024, xlm-clm-ende-1024) says the opposite of what they were trained for.
  public var isCausal: Bool?
  /// What of the memory belongs to others in the process; nil: what it has when the model is opened.
  public var base: Int?

  public init(
    memory: MemoryBudget = .automatic, threads: Int? = nil, isa: String? = nil,
    maximumTokens: Int? = nil
  ) {
    self.memory = memory
    self.threads = threads
    self.isa = isa
    self.maximumTokens = maximumTokens
  }

  var headSize: HeadSize {
    HeadSize(positionsPerRound: positionsPerRound, activations: activations)
  }

  public var threadCount: Int { threads ?? ComputePool.usableProcessors() }

  public func kernels() throws(KernelError) -> KernelTable {
    guard let isa else { return .best }
    return try .named(isa)
  }
}
