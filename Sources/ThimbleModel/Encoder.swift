public import ThimbleArchitecture
public import ThimbleOps
public import ThimbleSystem

/// The encoder of XLM and FlauBERT: token ids in, hidden states out (Formats/numerics.md; Lample and Conneau, 2019).
///
/// One pass at a time. A pass allocates nothing.
public final class Encoder {
  public let configuration: ModelConfiguration
  public let pool: ComputePool
  public let kernels: KernelTable
  /// What the inputs of int8 weights are rounded to.
  public let activations: ActivationPrecision
  let workspace: Workspace
  private let tokens: any PanelSource
  private let positions: any RowSource
  private let languages: (any RowSource)?
  private let embeddingNorm: LayerNorm
  /// What the first block reads is normalised by; nil unless blocks normalise what they read (pre-norm).
  private let firstNorm: LayerNorm?
  private let layers: [EncoderLayer]
  private let lookUp: LookUp
  private let provider: any WeightProvider
  /// Measures where the time of passes goes, if set.
  public var meter: PassMeter?

  /// Called before linear layers with their input in fp32, a row per token of the batch: what calibration looks at.
  /// The second feed-forward layer of int8 weights has no input in fp32, and is not reported.
  public var observeInput: ((_ place: InputPlace, _ input: FloatRows) -> Void)?

  /// - Parameters:
  ///   - maximumTokens: the most tokens of a batch.
  ///   - heads: those that will be made upon it, which borrow of its memory.
  ///   - isCausal: whether tokens see only those before them; nil: as the configuration says.
  public init(
    _ provider: any WeightProvider, maximumTokens: Int, heads: [any Head.Type] = [],
    _ size: HeadSize = HeadSize(), isCausal: Bool? = nil, pool: ComputePool, kernels: KernelTable
  ) throws(ModelError) {
    activations = size.activations
    self.provider = provider
    var configuration = provider.configuration
    configuration.isCausal = isCausal ?? configuration.isCausal
    self.configuration = configuration
    self.pool = pool
    self.kernels = kernels
    let width = configuration.embeddingSize
    do {
      workspace = try Workspace(
        configuration, maximumTokens: maximumTokens,
        lent: heads.memory(configuration, size).borrowed, activations: activations,
        workers: pool.threadCount, roundsInput: provider.roundsInput)
      lookUp = try LookUp(
        maximumRows: maximumTokens, width: width, workers: pool.threadCount)
    } catch { throw .system(error) }
    let slots = configuration.encoderSlots
    tokens = try provider.matrix(slots.tokens)
    positions = try provider.table(slots.positions)
    languages = try slots.languages.map(provider.table)
    embeddingNorm = try provider.layerNorm(slots.embeddingNorm)
    firstNorm =
      configuration.isPreNorm ? try provider.layerNorm(slots.layers[0].attentionNorm) : nil
    var layers: [EncoderLayer] = []
    for index in slots.layers.indices {
      layers.append(try EncoderLayer(index, slots.layers, of: provider, in: workspace))
    }
    self.layers = layers
  }

  /// The embedding matrix, which is also the output matrix of a language model that ties the two.
  var tokenMatrix: any PanelSource { tokens }

  /// Rows in memory that nothing needs behind the last layer: valid until the next pass.
  ///
  /// - Precondition: the encoder was made for a head that borrows as much.
  func lend(rows: Int, width: Int) -> FloatRows {
    FloatRows(rows: rows, width: width, in: workspace.shared)
  }

  /// Hidden states, one row per token of the last batch, or per token that was kept.
  public var hidden: FloatRows { workspace.hidden }

  /// Computes the hidden states of `batch`.
  ///
  /// - Parameters:
  ///   - rows: the tokens whose last hidden states are wanted, by their rows in the batch, in increasing order: those stand
  ///     in `hidden`, one behind the other, and the last layer is computed for no others. nil: all.
  ///   - observe: called with 0 when the embeddings stand in `hidden`, and with n after layer n.
  public func encode(
    _ batch: Batch, keeping rows: [Int]? = nil, observe: ((_ layer: Int) -> Void)? = nil
  ) throws(ModelError) {
    try check(batch)
    do throws(WeightError) {
      try embed(batch)
      observe?(0)
      for (index, layer) in layers.enumerated() {
        let isLast = index + 1 == layers.count
        let kept = isLast ? rows : nil
        try attend(layer, batch, keeping: kept)
        try feedForward(
          layer, rows: kept?.count ?? batch.tokenCount,
          next: isLast ? nil : layers[index + 1].projections.inputForm)
        observe?(index + 1)
      }
    } catch { throw .weights(error) }
    try provider.checkUnchanged()
  }

  private func check(_ batch: Batch) throws(ModelError) {
    guard batch.longestSequence <= configuration.maxPositions else {
      throw .tooManyTokens(found: batch.longestSequence, allowed: configuration.maxPositions)
    }
    guard batch.tokenCount <= workspace.hidden.rows else {
      throw .tooManyTokens(found: batch.tokenCount, allowed: workspace.hidden.rows)
    }
    for index in 0..<batch.tokenCount {
      try checkID(batch.ids[index], below: configuration.vocabularySize)
      try checkID(batch.positions[index], below: configuration.maxPositions)
      try checkID(batch.types[index], below: configuration.vocabularySize)
      try checkID(batch.languages[index], below: max(configuration.languageCount, 1))
    }
  }

  private func checkID(_ id: Int32, below limit: Int) throws(ModelError) {
    guard id >= 0, id < limit else { throw .id(found: Int(id), limit: limit) }
  }

  private func embed(_ batch: Batch) throws(WeightError) {
    let (hidden, count) = (workspace.hidden, batch.tokenCount)
    func add(
      _ table: any RowSource, _ ids: AlignedArray<Int32>, adding: Bool = true
    ) throws(WeightError) {
      try lookUp.apply(table, ids: ids, to: hidden, count: count, adding: adding, pool: pool)
    }
    // The order of the sums is that of the reference implementation.
    try meter.measure(.other) { () throws(WeightError) in
      try add(tokens, batch.ids, adding: false)
      try add(positions, batch.positions)
      if let languages, batch.hasLanguages { try add(languages, batch.languages) }
      if batch.hasTypes { try add(tokens, batch.types) }
    }
    let first = layers.first?.projections.inputForm
    normalize(embeddingNorm, adding: nil, rows: count, for: firstNorm == nil ? first : nil)
    if let firstNorm {
      normalizeApart(firstNorm, adding: nil, into: blockInput, rows: count, for: first)
    }
  }

  /// What the next block reads, a row per token: the residual stream or, apart from it, its normalised form, which may
  /// stand in `context` because attention writes there only when its projections are done.
  private var blockInput: FloatRows { firstNorm == nil ? workspace.hidden : workspace.context }

  /// Adds what a block has made to the residual stream, normalised as whatever reads the result wants it.
  private func finishBlock(_ norm: LayerNorm?, rows: Int, for next: InputForm?) {
    if firstNorm == nil, let norm {
      normalize(norm, adding: workspace.update, rows: rows, for: next)
    } else {
      normalizeApart(norm, adding: workspace.update, into: blockInput, rows: rows, for: next)
    }
  }

  private func attend(
    _ layer: EncoderLayer, _ batch: Batch, keeping kept: [Int]?
  ) throws(WeightError) {
    observeInput?(.projections(layer: layer.index), blockInput)
    try compute(layer.projections, blockInput, workspace.quantized, rows: batch.tokenCount)
    attendHeads(batch)
    if let kept {
      workspace.hidden.moveUp(kept)
      workspace.context.moveUp(kept)
    }
    let rows = kept?.count ?? batch.tokenCount
    quantize(workspace.context, for: layer.output.inputForm, into: workspace.quantized, rows: rows)
    observeInput?(.output(layer: layer.index), workspace.context)
    try compute(layer.output, workspace.context, workspace.quantized, rows: rows)
    finishBlock(layer.normBehindAttention, rows: rows, for: layer.inner.inputForm)
  }

  /// - Parameter next: how the layer takes it that reads the result, if there is one.
  private func feedForward(
    _ layer: EncoderLayer, rows: Int, next: InputForm?
  ) throws(WeightError) {
    observeInput?(.inner(layer: layer.index), blockInput)
    let (quantized, inner) = (workspace.quantized, workspace.quantizedFeedForward)
    var innerRows = blockInput
    switch layer.inner.steps {
    case .together(let linear):
      try linear.compute(
        LinearInput(rows: blockInput, quantized: quantized), into: inner, rows: rows,
        pool: pool, kernels: kernels, meter: meter)
    case .apart(let group, let output):
      innerRows = output
      try compute(group, blockInput, quantized, rows: rows)
      activate(output, rows: rows, for: layer.outer.inputForm, into: inner)
      observeInput?(.outer(layer: layer.index), output)
    }
    try compute(layer.outer, innerRows, inner, rows: rows)
    finishBlock(layer.normBehindFeedForward, rows: rows, for: next)
  }
}
