public import ThimbleArchitecture
public import ThimbleOps
public import ThimbleSystem

/// The XLM encoder: token ids in, hidden states out (Formats/numerics.md; Lample and Conneau, 2019).
///
/// One pass at a time. A pass allocates nothing.
public final class Encoder {
  public let configuration: XLMConfiguration
  public let pool: ComputePool
  public let kernels: KernelTable
  /// What the inputs of int8 weights are rounded to.
  public let activations: ActivationPrecision
  let workspace: Workspace
  private let tokens: any PanelSource
  private let positions: any RowSource
  private let languages: (any RowSource)?
  private let embeddingNorm: LayerNorm
  private let layers: [EncoderLayer]
  private let lookUp: LookUp
  /// Measures where the time of passes goes, if set.
  public var meter: PassMeter?

  /// Called before linear layers with their input in fp32, a row per token of the batch: what calibration looks at.
  /// The second feed-forward layer of int8 weights has no input in fp32, and is not reported.
  public var observeInput: ((_ place: LinearPlace, _ input: FloatRows) -> Void)?

  // Rows that one task of a row-wise operation takes: enough work to be worth a task.
  static let rowsPerTask = 4

  /// - Parameter maximumTokens: the most tokens of a batch.
  public init(
    _ provider: some WeightProvider, maximumTokens: Int,
    activations: ActivationPrecision = .int8, pool: ComputePool, kernels: KernelTable
  ) throws(ModelError) {
    self.activations = activations
    configuration = provider.configuration
    self.pool = pool
    self.kernels = kernels
    let width = configuration.embeddingSize
    do {
      workspace = try Workspace(
        configuration, maximumTokens: maximumTokens, activations: activations,
        workers: pool.threadCount, roundsInput: provider.roundsInput)
      lookUp = try LookUp(
        maximumRows: maximumTokens, width: width, workers: pool.threadCount)
    } catch { throw .system(error) }
    tokens = try provider.matrix(
      XLMConfiguration.tokenEmbeddingName, rows: configuration.vocabularySize, columns: width)
    positions = try provider.table(
      XLMConfiguration.positionEmbeddingName, rows: configuration.maxPositions, columns: width)
    languages =
      configuration.hasLanguageEmbeddings
      ? try provider.table(
        "transformer.lang_embeddings.weight", rows: configuration.languageCount, columns: width)
      : nil
    embeddingNorm = try provider.layerNorm("transformer.layer_norm_emb")
    var layers: [EncoderLayer] = []
    for layer in 0..<configuration.layerCount {
      layers.append(try EncoderLayer(layer, of: provider, in: workspace))
    }
    self.layers = layers
  }

  /// The embedding matrix, which is also the output matrix of a language model that ties the two.
  var tokenMatrix: any PanelSource { tokens }

  /// Hidden states, one row per token of the last batch.
  public var hidden: FloatRows { workspace.hidden }

  /// Computes the hidden states of `batch`.
  ///
  /// - Parameter observe: called with 0 when the embeddings stand in `hidden`, and with n after layer n.
  public func encode(
    _ batch: Batch, observe: ((_ layer: Int) -> Void)? = nil
  ) throws(ModelError) {
    try check(batch)
    do throws(WeightError) {
      try embed(batch)
      observe?(0)
      for (index, layer) in layers.enumerated() {
        try attend(layer, batch)
        let next = index + 1 < layers.count ? layers[index + 1].projections.inputForm : nil
        try feedForward(layer, rows: batch.tokenCount, next: next)
        observe?(index + 1)
      }
    } catch { throw .weights(error) }
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
      try lookUp.apply(table, to: hidden, count: count, adding: adding, pool: pool) { Int(ids[$0]) }
    }
    // The order of the sums is that of the reference implementation.
    try meter.measure(.other) { () throws(WeightError) in
      try add(tokens, batch.ids, adding: false)
      try add(positions, batch.positions)
      if let languages, batch.hasLanguages { try add(languages, batch.languages) }
      if batch.hasTypes { try add(tokens, batch.types) }
    }
    normalize(embeddingNorm, adding: nil, rows: count, for: layers.first?.projections.inputForm)
  }

  private func attend(_ layer: EncoderLayer, _ batch: Batch) throws(WeightError) {
    let rows = batch.tokenCount
    observeInput?(LinearPlace(layer: layer.index, part: .projections), workspace.hidden)
    try compute(layer.projections, workspace.hidden, workspace.quantized, rows: rows)
    meter.measure(.attention) { attendHeads(batch) }
    quantize(workspace.context, for: layer.output.inputForm, into: workspace.quantized, rows: rows)
    observeInput?(LinearPlace(layer: layer.index, part: .output), workspace.context)
    try compute(layer.output, workspace.context, workspace.quantized, rows: rows)
    normalize(layer.attentionNorm, adding: workspace.update, rows: rows, for: layer.inner.inputForm)
  }

  private func attendHeads(_ batch: Batch) {
    let headSize = configuration.headSize
    let headCount = configuration.headCount
    pool.run(count: batch.sequenceCount * headCount) { task, worker in
      let (sequence, head) = (task / headCount, task % headCount)
      let rows = batch.rows(ofSequence: sequence)
      func part(_ rowsOfAll: FloatRows) -> Rows {
        rowsOfAll.from(row: rows.lowerBound).from(column: head * headSize)
      }
      kernels.attention(
        q: part(workspace.query), k: part(workspace.key), v: part(workspace.value),
        length: rows.count, headDim: headSize, mask: configuration.isCausal ? .causal : .none,
        scratch: workspace.attention[worker].from(0), out: part(workspace.context))
    }
  }

  /// - Parameter next: how the layer takes it that reads the result, if there is one.
  private func feedForward(
    _ layer: EncoderLayer, rows: Int, next: InputForm?
  ) throws(WeightError) {
    observeInput?(LinearPlace(layer: layer.index, part: .inner), workspace.hidden)
    let (quantized, inner) = (workspace.quantized, workspace.quantizedFeedForward)
    var innerRows = workspace.hidden
    switch layer.inner.steps {
    case .together(let linear):
      try linear.compute(
        LinearInput(rows: workspace.hidden, quantized: quantized), into: inner, rows: rows,
        pool: pool, kernels: kernels, meter: meter)
    case .apart(let group, let output):
      innerRows = output
      try compute(group, workspace.hidden, quantized, rows: rows)
      activate(output, rows: rows, for: layer.outer.inputForm, into: inner)
      observeInput?(LinearPlace(layer: layer.index, part: .outer), output)
    }
    try compute(layer.outer, innerRows, inner, rows: rows)
    normalize(layer.feedForwardNorm, adding: workspace.update, rows: rows, for: next)
  }
}
