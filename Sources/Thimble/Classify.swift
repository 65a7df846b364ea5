internal import ThimbleModel

/// Sorts texts, or pairs of texts, into the classes that a model was fine-tuned for.
public final class TextClassifier {
  public let sequences: SequenceEncoder
  private let classifier: SequenceClassifier
  private let classes: Classes

  /// The names of the classes, in the order of their ids.
  public var labels: [String] { classes.labels }

  /// - Throws: `ModelError.head` if the model has no classification head.
  public init(_ source: ModelSource) throws {
    sequences = try SequenceEncoder(source)
    classifier = try SequenceClassifier(
      source.provider, encoder: sequences.encoder,
      maximumSequences: SequenceEncoder.maximumSequences)
    classes = Classes(source.provider.configuration)
  }

  /// For each of `inputs`, in order, the score of every class before softmax or sigmoid.
  ///
  /// - Throws: `ThimbleError`, among them `.model(.notFinite)` if a score is NaN or infinite.
  public func logits(_ inputs: [SequenceInput]) throws(ThimbleError) -> [[Float]] {
    var logits: [[Float]] = []
    try sequences.forBatches(inputs) { batch throws(ModelError) in
      try sequences.encoder.encode(batch)
      logits += try classifier.scores(
        ofRows: (0..<batch.sequenceCount).map { batch.rows(ofSequence: $0) })
    }
    guard logits.allSatisfy({ $0.allSatisfy(\.isFinite) }) else {
      throw .model(.notFinite(path: sequences.text.path))
    }
    return logits
  }

  /// For each of `inputs`, in order, the classes, likeliest first.
  public func classify(_ inputs: [SequenceInput]) throws(ThimbleError) -> [[ClassScore]] {
    try logits(inputs).map { classes.ranked($0) }
  }
}
