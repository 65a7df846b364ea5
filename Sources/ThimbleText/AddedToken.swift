/// A token that a text is split at before anything else is done with it.
///
/// The flags are those of Hugging Face's `AddedToken`, as far as its tokenizer in Python heeds them.
public struct AddedToken: Sendable, Equatable {
  /// How the token is spelled, in the vocabulary and in texts.
  public var content: [UInt8]
  public var id: Int
  public var marks: Marks

  public struct Marks: OptionSet, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// White space before it is dropped.
    public static let stripsLeft = Self(rawValue: 1)
    /// White space behind it is dropped.
    public static let stripsRight = Self(rawValue: 2)
    /// It is text like any other where no space, beginning or end of the text is beside it.
    public static let singleWord = Self(rawValue: 4)
    /// Where text is lower-cased first, its own spelling stands for it nevertheless.
    public static let keepsCase = Self(rawValue: 8)
    /// It stands for no text, and is left out where special tokens are.
    public static let special = Self(rawValue: 16)
    /// Decoded text has spaces around it.
    public static let apart = Self(rawValue: 32)

    static let known = Self(rawValue: 63)
    /// Those by which the text beside a token matters.
    static let ofNeighbours: Self = [.stripsLeft, .stripsRight, .singleWord]
  }

  public init(_ content: [UInt8], id: Int, _ marks: Marks) {
    self.content = content
    self.id = id
    self.marks = marks
  }
}

/// All tokens that texts are split at, and which of them have a meaning of their own.
///
/// Tables without one have `<s>`, `</s>`, `<pad>`, `<unk>` and `<special0>` … `<special9>`.
public struct AddedTokens: Sendable, Equatable {
  public var tokens: [AddedToken]
  /// The id of the token that Hugging Face puts before a sequence.
  public var beginning: Int
  /// The id of the token at the end of a sequence.
  public var separator: Int
  public var unknown: Int
  public var padding: Int?
  public var mask: Int?

  public init(
    _ tokens: [AddedToken], beginning: Int, separator: Int, unknown: Int, padding: Int?, mask: Int?
  ) {
    self.tokens = tokens
    self.beginning = beginning
    self.separator = separator
    self.unknown = unknown
    self.padding = padding
    self.mask = mask
  }
}
