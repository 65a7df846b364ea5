public import ThimbleModel

/// Makes vectors of sentences, whose cosine tells how alike they are.
public final class SentenceEmbedder {
  public let sequences: SequenceEncoder
  private let pooling: SentencePooling

  public init(_ source: ModelSource, pooling: Pooling = .mean) throws {
    sequences = try SequenceEncoder(source)
    self.pooling = try SentencePooling(sequences.encoder, pooling)
  }

  /// One vector for each of `inputs`, in order, as long as the model is wide.
  ///
  /// - Parameter normalized: whether vectors are scaled to length 1.
  /// - Throws: `ThimbleError`, among them `.model(.notFinite)` if a vector has NaN or an infinity.
  public func embed(
    _ inputs: [SequenceInput], normalized: Bool = true
  ) throws(ThimbleError) -> [[Float]] {
    var vectors: [[Float]] = []
    try sequences.forBatches(inputs) { batch throws(ModelError) in
      try sequences.encoder.encode(batch)
      vectors += (0..<batch.sequenceCount).map {
        pooling.vector(ofRows: batch.rows(ofSequence: $0))
      }
    }
    guard vectors.allSatisfy({ $0.allSatisfy(\.isFinite) }) else {
      throw .model(.notFinite(path: sequences.text.path))
    }
    return normalized ? vectors.map(\.normalized) : vectors
  }
}

extension [Float] {
  /// The vector scaled to length 1; one of zeros stays as it is.
  public var normalized: [Float] {
    let length = reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    return length > 0 ? map { Float(Double($0) / length) } : self
  }
}
