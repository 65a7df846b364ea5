/// How answers are looked for in a context. What is not said is as in Hugging Face's question-answering pipeline.
public struct AnswerOptions: Sendable {
  /// The most answers, best first.
  public var top = 1
  /// The most tokens of an answer.
  public var longestAnswer = 15
  /// The most tokens of question and context together that are looked at at once; never more than the model takes.
  public var window = 384
  /// Tokens that neighbouring windows of a long context share; nil: 128, or half of a window if that is less.
  public var stride: Int?
  /// The most tokens of the question; nil: as many as leave room for a context that moves on. A longer one is refused, or cut if
  /// `text` says so.
  public var longestQuestion: Int?
  /// Whether there being no answer is among the answers, as an empty one.
  public var allowsNone = false
  /// Whether answers are made to begin and end with words.
  public var alignsToWords = true
  public var text = TextOptions()

  public init() {}
}

/// A part of a context that answers a question.
public struct Answer: Sendable, Equatable {
  /// The part of the context; empty if there is no answer.
  public let text: String
  /// Where it is, in bytes.
  public let bytes: Range<Int>
  /// Where it is, in Unicode scalars.
  public let scalars: Range<Int>
  /// The probability of its start times that of its end, among the places of its window.
  public let score: Double
}

/// The answers to a question, and how likely it is that there is none.
public struct Answers: Sendable, Equatable {
  /// Best first.
  public let answers: [Answer]
  /// In the window where it is least likely.
  public let none: Double
}
