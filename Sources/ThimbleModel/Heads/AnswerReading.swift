internal import ThimbleSystem

/// Where an answer to a question may be in a sequence.
public struct AnswerCandidates: Sendable {
  /// The tokens of the context, at which answers begin and end.
  public let context: Range<Int>
  /// The token that stands for there being no answer, and competes with the others as start and end.
  public let none: Int
  /// The tokens that compete, in increasing order.
  public let places: [Int]

  public init(context: Range<Int>, none: Int) {
    (self.context, self.none) = (context, none)
    places =
      context.contains(none)
      ? Array(context) : none < context.lowerBound ? [none] + context : context + [none]
  }
}

/// What a head says about answers in a sequence. Numbers of places are those among `AnswerCandidates.places`.
public enum AnswerReading: Sendable {
  /// How well each place fits as the start, and as the end, of the answer, before softmax.
  case bounds(starts: [Float], ends: [Float])
  /// The likeliest starts, each with its likeliest ends, and the logit of there being no answer.
  case beams([AnswerBeam], none: Float)
}

/// A start of an answer, and the ends that fit it best.
public struct AnswerBeam: Sendable, Equatable {
  public let start: AnswerPlace
  /// Likeliest first.
  public let ends: [AnswerPlace]
}

/// A place and its probability among all places.
public struct AnswerPlace: Sendable, Equatable {
  public let index: Int
  public let probability: Double
}

extension [Float] {
  /// The probabilities that a softmax makes of them, to the bit the same everywhere.
  var exactSoftmax: [Double] {
    let largest = Double(self.max() ?? 0)
    let exponentials = map { exactExponential(Double($0) - largest) }
    let sum = exponentials.reduce(0, +)
    return exponentials.map { $0 / sum }
  }
}

extension [Double] {
  /// The `count` largest, largest first; equal ones by place.
  func largest(_ count: Int) -> [AnswerPlace] {
    indices.sorted { (-self[$0], $0) < (-self[$1], $1) }.prefix(count)
      .map { AnswerPlace(index: $0, probability: self[$0]) }
  }
}
