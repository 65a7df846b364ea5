public import Thimble
internal import ThimbleArchitecture
public import ThimbleFormat
public import ThimbleImport
internal import ThimbleJSON
internal import ThimbleModel
public import ThimbleReference
public import ThimbleSystem
public import ThimbleText

/// Where a loss comes from. Each is a candidate of its own.
public enum LossPart: String, Sendable, CaseIterable {
  /// The file as it runs.
  case both
  /// Its weights, with activations in fp32.
  case weights
  /// Weights of the reference, with activations rounded as for the file.
  case activations
}

/// A .thimble file and the checkpoint that it was made from, both open.
public struct ModelPair {
  public let file: ThimbleFile
  public let referencePath: String
  /// The checkpoint, run in place in fp32.
  public let reference: CheckpointWeights
  let weights: FileWeights
  public let tokenizer: TokenizerTables?
  public let pool: ComputePool
  public let kernels: KernelTable
  /// What the inputs of the file's int8 weights are rounded to.
  public let activations: ActivationPrecision

  /// - Parameter run: its memory budget is that of the file's weights.
  /// - Throws: errors of opening either, or `EvaluationError` if they do not belong together.
  public init(
    file path: String, reference referencePath: String, run: RunOptions = RunOptions()
  ) throws {
    try self.init(file: path, checkpoint: try ModelCheckpoint.open(referencePath), run: run)
  }

  /// The same with a checkpoint that is open already.
  public init(
    file path: String, checkpoint: ModelCheckpoint, run: RunOptions = RunOptions()
  ) throws {
    kernels = try run.kernels()
    activations = run.activations
    let opened = try ModelFile(path: path)
    file = opened.file
    referencePath = checkpoint.path
    let configuration = opened.configuration
    try Self.check(configuration, against: checkpoint, file: path, reference: referencePath)
    tokenizer = opened.tables
    let tables = try checkpoint.tokenizerTables() ?? []
    guard
      try tables.isEmpty || file.tokenizer.isEmpty
        || file.tokenizer.elementsEqual(ByteView(tables))
    else { throw EvaluationError.vocabulary(file: path, reference: referencePath) }
    let plan = try MemoryPlan(
      file, configuration: configuration, budget: run.memory, tokens: 256,
      heads: [MaskedLanguageModel.self], HeadSize(activations: run.activations),
      threads: run.threadCount)
    weights = try FileWeights(file, plan: plan, workers: run.threadCount, kernels: kernels)
    // The file's attention is that of its user's choice: the checkpoint's configuration may be wrong about it.
    let checkpoint = checkpoint.attending(causally: configuration.isCausal)
    reference = try CheckpointWeights(checkpoint, workers: run.threadCount, kernels: kernels)
    pool = try ComputePool(threadCount: run.threadCount)
  }

  /// The file in the roles `parts`.
  public func candidates(_ parts: [LossPart] = LossPart.allCases) -> [Candidate] {
    parts.map { part in
      switch part {
      case .both: Candidate(part.rawValue, weights)
      case .weights:
        Candidate(part.rawValue, weights.dequantized(workers: pool.threadCount))
      case .activations: Candidate(part.rawValue, reference.roundingInput(as: weights))
      }
    }
  }

  /// Measures candidates of this pair, with activations as the pair was opened for.
  public func evaluator(
    _ candidates: [Candidate], _ options: EvaluationOptions = EvaluationOptions()
  ) throws(EvaluationError) -> Evaluator {
    var options = options
    options.activations = activations
    return try Evaluator(
      reference: reference, candidates: candidates, tokenizer: tokenizer, options: options,
      pool: pool, kernels: kernels)
  }

  private static func check(
    _ configuration: ModelConfiguration, against checkpoint: ModelCheckpoint, file: String,
    reference: String
  ) throws(EvaluationError) {
    // What decides shapes and results; names of labels and languages do not.
    let fields = [
      "vocab_size", "emb_dim", "n_layers", "n_heads", "max_position_embeddings", "n_langs",
      "use_lang_emb", "layer_norm_eps", "gelu_activation", "tie_word_embeddings",
      "mask_index",
    ]
    let (own, others) = (configuration.json, checkpoint.configuration.json)
    let differences = fields.compactMap { field -> EvaluationError.Difference? in
      guard let own = own[field], let other = others[field], own != other else { return nil }
      return .init(field: field, file: "\(own)", reference: "\(other)")
    }
    guard differences.isEmpty else {
      throw .notTogether(file: file, reference: reference, differences: differences)
    }
  }
}
