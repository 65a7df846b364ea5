public import ThimbleArchitecture
internal import ThimbleOps
internal import ThimbleSystem

/// The head that scores every token of the vocabulary at chosen positions.
public final class MaskedLanguageModel: Head {
  public let encoder: Encoder
  private let layer: HeadLayer
  private let logits: FloatRows
  private let path: String

  /// Positions that are scored at once.
  public let positionsPerRound: Int

  public static let standardPositionsPerRound = 8

  public init(
    _ provider: any WeightProvider, on encoder: Encoder, _ size: HeadSize
  ) throws(ModelError) {
    self.encoder = encoder
    path = provider.path
    positionsPerRound = size.positionsPerRound
    let configuration = provider.configuration
    logits = encoder.lend(rows: positionsPerRound, width: configuration.vocabularySize)
    let output = configuration.vocabularyOutput
    let matrix =
      configuration.tiesOutputEmbedding
      ? encoder.tokenMatrix : try provider.matrix(output.weight)
    let bias = try provider.vector(output.bias)
    layer = try HeadLayer(
      Linear(weights: matrix, bias: bias), of: provider, on: encoder, rows: positionsPerRound,
      output: logits)
  }

  public static func memory(_ configuration: ModelConfiguration, _ size: HeadSize) -> HeadMemory {
    let (rows, width) = (size.positionsPerRound, configuration.embeddingSize)
    return HeadMemory(
      own: HeadLayer.byteCount(rows: rows, from: width, size.activations),
      borrowed: FloatRows.byteCount(rows: rows, width: configuration.vocabularySize))
  }

  /// Encodes `batch` and calls `body` with the logits at each of `rows`, in order.
  ///
  /// - Parameter rows: rows of the batch, as `Batch.rows(ofSequence:)` counts them, in increasing order.
  /// - Throws: `ModelError`, among them `notFinite` if a logit is not a finite number.
  public func score(
    _ batch: Batch, at rows: [Int], _ body: (_ index: Int, _ logits: Logits) -> Void
  ) throws(ModelError) {
    try encoder.encode(batch, keeping: rows)
    try score(keptRows: rows.indices, body)
  }

  /// Calls `body` with the logits at each of `rows` of the hidden states that were encoded last, in order.
  public func score<Kept: RandomAccessCollection<Int>>(
    keptRows rows: Kept, _ body: (_ index: Int, _ logits: Logits) -> Void
  ) throws(ModelError) where Kept.Index == Int {
    for start in stride(from: 0, to: rows.count, by: positionsPerRound) {
      let round = start..<min(start + positionsPerRound, rows.count)
      try computeLogits(at: rows[round])
      for index in round { body(index, try logits(ofRound: index - start)) }
    }
  }

  /// The logits at the position `index` of the round that was computed last.
  public func logits(ofRound index: Int) throws(ModelError) -> Logits {
    let offset = index * logits.stride
    let (maximum, sum) = encoder.kernels.sumExp(logits.values.from(offset), count: logits.width)
    guard maximum.isFinite, sum.isFinite else { throw .notFinite(path: path) }
    return Logits(
      values: logits.values, offset: offset, count: logits.width, maximum: maximum, sum: sum)
  }

  /// Computes the logits at `rows`, at most `positionsPerRound`, of the hidden states that were encoded last.
  public func computeLogits(at rows: some Collection<Int>) throws(ModelError) {
    for (target, row) in rows.enumerated() { layer.take(row, to: target) }
    try layer.compute(rows: rows.count)
  }
}
