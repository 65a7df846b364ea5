internal import ThimbleModel
internal import ThimbleOps
internal import ThimbleSystem

/// The hidden states of a reference after every layer, kept to compare others with them.
final class HiddenTrace {
  /// [layers + 1][tokens][width]
  private let states: AlignedArray<Float>
  private let maximumTokens: Int
  private let width: Int
  /// Results by sequence, filled by several threads.
  private var tallies: AlignedArray<LayerTally>
  private let vectors: AlignedArray<Float>
  let layerCount: Int

  init(layerCount: Int, maximumTokens: Int, width: Int) throws(SystemError) {
    self.layerCount = layerCount
    self.maximumTokens = maximumTokens
    self.width = width
    // Pages of tokens that no batch has are never touched.
    states = try AlignedArray(count: (layerCount + 1) * maximumTokens * width)
    tallies = try AlignedArray(count: maximumTokens)
    vectors = try AlignedArray(count: maximumTokens)
  }

  /// Keeps the first `rows` rows of `hidden` as the states after layer `layer`; 0 means the embeddings.
  func store(_ hidden: FloatRows, rows: Int, layer: Int) {
    for row in 0..<rows {
      hidden.withRow(row) { source in
        states.withMutableSpan(place(layer, row)) { target in
          for column in source.indices { target[column] = source[column] }
        }
      }
    }
  }

  private func place(_ layer: Int, _ row: Int) -> Range<Int> {
    let start = (layer * maximumTokens + row) * width
    return start..<start + width
  }

  /// Compares `hidden` with the states kept for `layer`; calls `body` for every sequence of `batch`, in order.
  func compare(
    _ hidden: FloatRows, _ batch: Batch, layer: Int, pool: ComputePool,
    _ body: (_ sequence: Int, _ tally: LayerTally) -> Void
  ) {
    pool.run(count: batch.sequenceCount) { sequence, _ in
      var tally = LayerTally()
      for row in batch.rows(ofSequence: sequence) {
        hidden.withRow(row) { other in
          states.withSpan(place(layer, row)) { own in tally.add(own, other) }
        }
      }
      tallies[sequence] = tally
    }
    for sequence in 0..<batch.sequenceCount { body(sequence, tallies[sequence]) }
  }

  /// Compares the means of the last layer's states over each sequence; calls `body` with their cosine.
  func compareSentences(
    _ hidden: FloatRows, _ batch: Batch, pool: ComputePool,
    _ body: (_ sequence: Int, _ cosine: Float) -> Void
  ) {
    pool.run(count: batch.sequenceCount) { sequence, _ in
      var own = [Double](repeating: 0, count: width)
      var other = own
      for row in batch.rows(ofSequence: sequence) {
        states.withSpan(place(layerCount, row)) {
          for column in 0..<width { own[column] += Double($0[column]) }
        }
        hidden.withRow(row) { for column in 0..<width { other[column] += Double($0[column]) } }
      }
      vectors[sequence] = Float(cosine(own, other))
    }
    for sequence in 0..<batch.sequenceCount { body(sequence, vectors[sequence]) }
  }
}

extension LayerTally {
  /// Adds the states of one token.
  fileprivate mutating func add(_ own: Span<Float>, _ other: Span<Float>) {
    var (product, ownSquares, otherSquares, errorSquares) = (0.0, 0.0, 0.0, 0.0)
    for column in own.indices {
      let (a, b) = (Double(own[column]), Double(other[column]))
      product += a * b
      ownSquares += a * a
      otherSquares += b * b
      errorSquares += (a - b) * (a - b)
    }
    tokens += 1
    cosines += product / max((ownSquares * otherSquares).squareRoot(), .leastNormalMagnitude)
    error += errorSquares
    reference += ownSquares
  }
}

/// The cosine of the angle between two vectors; 0 if one of them has no length.
func cosine(_ a: [Double], _ b: [Double]) -> Double {
  var (product, aSquares, bSquares) = (0.0, 0.0, 0.0)
  for (a, b) in zip(a, b) {
    product += a * b
    aSquares += a * a
    bSquares += b * b
  }
  return product / max((aSquares * bSquares).squareRoot(), .leastNormalMagnitude)
}

extension FloatRows {
  /// Lends row `row`.
  func withRow<Result>(_ row: Int, _ body: (Span<Float>) -> Result) -> Result {
    values.withSpan(row * stride..<row * stride + width, body)
  }
}
