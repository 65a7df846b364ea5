public import ThimbleModel

/// Makes vectors of sentences, whose cosine tells how alike they are.
///
///     let embedder = try SentenceEmbedder(.file("xlm.thimble"))
///     let vectors = try embedder.embed([embedder.texts.input("A boy plays the guitar.")])
public final class SentenceEmbedder {
  public let session: Session
  /// Makes inputs of texts.
  public let texts: TextEncoder
  private let pooling: Pooling

  public init(_ source: ModelSource, pooling: Pooling = .mean) throws {
    session = try Session(source, needing: SentencePooling.self)
    texts = TextEncoder(session.text)
    self.pooling = pooling
  }

  /// One vector for each of `inputs`, in order, as long as the model is wide.
  ///
  /// - Parameter normalized: whether vectors are scaled to length 1.
  /// - Throws: `ThimbleError`, among them `.model(.notFinite)` if a vector has NaN or an infinity.
  public func embed(
    _ inputs: [SequenceInput], normalized: Bool = true
  ) throws(ThimbleError) -> [[Float]] {
    let vectors = try session.read(SentencePooling.self, inputs.map { ($0, pooling) })
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
