internal import ThimbleModel

/// Sorts texts, or pairs of texts, into the classes that a model was fine-tuned for.
///
///     let classifier = try TextClassifier(.file("topics.thimble"))
///     let classes = try classifier.classify([classifier.texts.input("The match ended in a draw.")])
public final class TextClassifier {
  public let session: Session
  /// Makes inputs of texts.
  public let texts: TextEncoder
  private let classes: Classes

  /// The names of the classes, in the order of their ids.
  public var labels: [String] { classes.labels }

  /// - Throws: `ModelError.head` if the model has no classification head.
  public init(_ source: ModelSource) throws {
    session = try Session(source, needing: SequenceClassifier.self)
    texts = TextEncoder(session.text)
    classes = Classes(session.configuration)
  }

  /// For each of `inputs`, in order, the score of every class before softmax or sigmoid.
  ///
  /// - Throws: `ThimbleError`, among them `.model(.notFinite)` if a score is NaN or infinite.
  public func logits(_ inputs: [SequenceInput]) throws(ThimbleError) -> [[Float]] {
    try session.read(SequenceClassifier.self, inputs.map { ($0, SequenceClassifier.Query()) })
  }

  /// For each of `inputs`, in order, the classes, likeliest first.
  public func classify(_ inputs: [SequenceInput]) throws(ThimbleError) -> [[ClassScore]] {
    try logits(inputs).map { classes.ranked($0) }
  }
}
