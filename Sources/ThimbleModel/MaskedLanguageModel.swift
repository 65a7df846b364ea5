internal import ThimbleArchitecture
internal import ThimbleOps
public import ThimbleSystem

/// The encoder with the head that scores every token of the vocabulary at chosen positions.
public final class MaskedLanguageModel {
  public let encoder: Encoder
  private let head: LinearGroup
  private let logits: FloatRows
  private let scored: FloatRows
  private let quantized: QuantizedRows
  private let path: String
  private let provider: any WeightProvider

  /// Positions that are scored at once.
  public let positionsPerRound: Int

  /// Each position takes 4 bytes per token of the vocabulary, and each further round decodes the output matrix again.
  public static let standardPositionsPerRound = 8

  /// - Parameters:
  ///   - maximumTokens: the most tokens of a batch.
  ///   - positionsPerRound: at most `maximumTokens`.
  public convenience init(
    _ provider: some WeightProvider, maximumTokens: Int,
    positionsPerRound: Int = standardPositionsPerRound, activations: ActivationPrecision = .int8,
    pool: ComputePool, kernels: KernelTable
  ) throws(ModelError) {
    try self.init(
      provider,
      encoder: Encoder(
        provider, maximumTokens: maximumTokens, scoredPositions: positionsPerRound,
        activations: activations, pool: pool, kernels: kernels))
  }

  /// The head upon an encoder that others may use too.
  ///
  /// - Parameter encoder: made for positions that are scored.
  public init(_ provider: some WeightProvider, encoder: Encoder) throws(ModelError) {
    self.encoder = encoder
    self.provider = provider
    logits = encoder.workspace.logits
    positionsPerRound = logits.rows
    path = provider.path
    let configuration = provider.configuration
    do {
      scored = try FloatRows(rows: positionsPerRound, width: configuration.embeddingSize)
      quantized = try QuantizedRows(
        rows: positionsPerRound,
        k: PanelGeometry.paddedColumns(configuration.embeddingSize),
        precision: encoder.workspace.quantized.precision)
    } catch { throw .system(error) }
    let output = configuration.vocabularyOutput
    let matrix =
      configuration.tiesOutputEmbedding
      ? encoder.tokenMatrix : try provider.matrix(output.weight)
    let bias = try provider.vector(output.bias)
    head = LinearGroup([(Linear(weights: matrix, bias: bias), logits)])
  }

  /// Bytes that the head takes beside the encoder when all of its positions are used.
  static func byteCount(
    _ configuration: ModelConfiguration, positions: Int, activations: ActivationPrecision
  ) -> Int {
    FloatRows.byteCount(rows: positions, width: configuration.embeddingSize)
      + QuantizedRows.byteCount(
        rows: positions, columns: configuration.embeddingSize, precision: activations)
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
    let hidden = encoder.hidden
    for (target, row) in rows.enumerated() {
      for column in 0..<hidden.width {
        scored.values[target * scored.stride + column] =
          hidden.values[row * hidden.stride + column]
      }
    }
    encoder.quantize(scored, for: head.inputForm, into: quantized, rows: rows.count)
    do {
      try encoder.compute(head, scored, quantized, rows: rows.count)
    } catch { throw .weights(error) }
    try provider.checkUnchanged()
  }
}

/// The scores of every token of the vocabulary at one position. Valid until the next round or pass.
public struct Logits {
  let values: AlignedArray<Float>
  let offset: Int
  /// Tokens of the vocabulary.
  public let count: Int
  let maximum: Float
  /// Sum of exp(logit - maximum) over the vocabulary.
  let sum: Float

  /// The logit of token `id`.
  public subscript(id: Int) -> Float {
    precondition(id >= 0 && id < count, "token \(id) of \(count)")
    return values[offset + id]
  }

  /// Lends all logits, in the order of ids.
  public func withSpan<Result>(_ body: (Span<Float>) -> Result) -> Result {
    values.withSpan(offset..<offset + count, body)
  }

  /// The probability of token `id` among all tokens.
  public func probability(_ id: Int) -> Double {
    exponential(Double(self[id]) - Double(maximum)) / Double(sum)
  }

  /// The natural logarithm of the sum of all tokens' exponentials: log p(id) = self[id] - logSumExp.
  public var logSumExp: Double { Double(maximum) + logarithm(Double(sum)) }

  /// The ids of the `count` largest logits, largest first; equal ones by id.
  public func top(_ count: Int) -> [Int] {
    var best: [Int] = []
    let wanted = Swift.min(count, self.count)
    guard wanted > 0 else { return [] }
    best.reserveCapacity(wanted + 1)
    values.withSpan(offset..<offset + self.count) { span in
      var bar = -Float.infinity  // what one more must exceed
      for id in span.indices where span[id] > bar || best.count < wanted {
        // A handful of candidates: a sorted array beats a heap.
        var place = best.count
        while place > 0 && span[best[place - 1]] < span[id] { place -= 1 }
        best.insert(id, at: place)
        if best.count > wanted { best.removeLast() }
        if best.count == wanted { bar = span[best[wanted - 1]] }
      }
    }
    return best
  }
}
