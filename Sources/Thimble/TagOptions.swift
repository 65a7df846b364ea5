/// How the labels of tokens become those of words, or of several words: as in Hugging Face's token-classification pipeline.
public enum Aggregation: String, Sendable, CaseIterable {
  /// Every token has its label.
  case none
  /// Neighbouring tokens with the same label are one entity.
  case simple
  /// A word has the label of its first token; neighbouring words with the same label are one entity.
  case first
  /// A word has the label that is likeliest on the mean over its tokens.
  case average
  /// A word has the label of the token that is surest.
  case max
}

/// How tokens are labelled.
public struct TagOptions: Sendable {
  public var aggregation = Aggregation.first
  /// Labels that are left out of the answer. "O" is what labels outside of everything are called.
  public var ignored: Set<String> = ["O"]
  /// Tokens that neighbouring parts of a text share which is longer than the model takes; nil: such a text is refused, or cut if
  /// `text` says so.
  public var stride: Int?
  public var text = TextOptions()

  public init() {}
}

/// A token, a word or several, and what they are.
public struct Entity: Sendable, Equatable {
  /// Of a token, the label as the model has it ("B-PER"); of entities, without what it begins with ("PER").
  public let label: String
  /// The probability of the label; of several words the mean.
  public let score: Double
  /// The part of the text.
  public let text: String
  /// Where it is, in bytes; nil for ids.
  public let bytes: Range<Int>?
  /// Where it is, in Unicode scalars; nil for ids.
  public let scalars: Range<Int>?
  /// The token's number in its sequence, ends included; nil for what has several.
  public let index: Int?
}
