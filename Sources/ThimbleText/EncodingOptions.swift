/// How a text becomes tokens.
public struct EncodingOptions: Sendable {
  /// The tokens put around a sequence.
  public enum Ends: Sendable {
    /// `<s> A </s>` and `<s> A </s> B </s>`: Hugging Face since 2020.
    case huggingFace
    /// `</s> A </s>` and `</s> A </s> B </s>`: what the model was trained with.
    case original
    case none
  }

  public var ends: Ends
  /// Spellings that stand for `<special1>` besides itself: `<mask>`, `[MASK]`.
  public var maskSpellings: [String]
  /// The most tokens, added ones included; tokens beyond it are cut off the longer text, where
  /// both are equally long off the second. Without it nothing is cut.
  public var maximumLength: Int?

  public init(
    ends: Ends = .huggingFace, maskSpellings: [String] = [], maximumLength: Int? = nil
  ) {
    self.ends = ends
    self.maskSpellings = maskSpellings
    self.maximumLength = maximumLength
  }
}
