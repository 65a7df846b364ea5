internal import ThimbleArchitecture
internal import ThimbleModel
internal import ThimbleSystem

/// A class and how likely it is.
public struct ClassScore: Sendable, Equatable {
  public let label: String
  /// A probability; of a regression the value itself.
  public let score: Double
}

/// Sorts texts, or pairs of texts, into the classes that a model was fine-tuned for.
public final class TextClassifier {
  public let sequences: SequenceEncoder
  private let classifier: SequenceClassifier

  /// The names of the classes, in the order of their ids.
  public let labels: [String]

  /// - Throws: `ModelError.head` if the model has no classification head.
  public init(_ source: ModelSource) throws {
    sequences = try SequenceEncoder(source)
    classifier = try SequenceClassifier(
      source.provider, encoder: sequences.encoder,
      maximumSequences: SequenceEncoder.maximumSequences)
    labels = source.provider.configuration.labels
  }

  /// For each of `inputs`, in order, the score of every class before softmax or sigmoid.
  public func logits(_ inputs: [SequenceInput]) throws(ThimbleError) -> [[Float]] {
    var logits: [[Float]] = []
    try sequences.forBatches(inputs) { batch throws(ModelError) in
      logits += try classifier.scores(batch)
    }
    return logits
  }

  /// For each of `inputs`, in order, the classes, likeliest first.
  public func classify(_ inputs: [SequenceInput]) throws(ThimbleError) -> [[ClassScore]] {
    try logits(inputs).map { logits in
      let scores = probabilities(logits.map(Double.init))
      return scores.indices.sorted { (-scores[$0], $0) < (-scores[$1], $1) }
        .map { ClassScore(label: $0 < labels.count ? labels[$0] : "\($0)", score: scores[$0]) }
    }
  }

  private func probabilities(_ logits: [Double]) -> [Double] {
    let problem = sequences.encoder.configuration.problemType
    if problem == .multiLabel { return logits.map { 1 / (1 + exponential(-$0)) } }
    guard problem != .regression, logits.count > 1, let largest = logits.max() else {
      return logits
    }
    let exponentials = logits.map { exponential($0 - largest) }
    let sum = exponentials.reduce(0, +)
    return exponentials.map { $0 / sum }
  }
}
