public import ThimbleModel

/// Makes vectors of sentences, whose cosine tells how alike they are.
public final class SentenceEmbedder {
  public let sequences: SequenceEncoder
  private let pooling: SentencePooling

  public init(_ source: ModelSource, pooling: Pooling = .mean) throws {
    sequences = try SequenceEncoder(source)
    self.pooling = try SentencePooling(sequences.encoder, pooling)
  }

  /// One vector for each of `inputs`, in order, as long as the model is wide. Not normalised.
  public func embed(_ inputs: [SequenceInput]) throws(ThimbleError) -> [[Float]] {
    var vectors: [[Float]] = []
    try sequences.forBatches(inputs) { batch throws(ModelError) in
      try sequences.encoder.encode(batch)
      vectors += (0..<batch.sequenceCount).map {
        pooling.vector(ofRows: batch.rows(ofSequence: $0))
      }
    }
    return vectors
  }
}
