/// How a text becomes tokens.
public struct EncodingOptions: Sendable {
  /// Whose rules split a text into words. Formats/tokenizer.md, sections 8 to 10, has them all.
  public enum Mode: String, Sendable, CaseIterable {
    /// As the text was prepared that the model was trained with.
    case faithful
    /// As Hugging Face's tokenizer: its public one without a language, which has the rules of
    /// English for every text; its private `_tokenize` with one.
    case huggingFace = "hf"
    /// White space parts the words, and nothing else is done: the text was prepared elsewhere.
    case pretokenized
  }

  /// The tokens put around a sequence.
  public enum Ends: Sendable {
    /// `<s> A </s>` and `<s> A </s> B </s>`: Hugging Face since 2020.
    case huggingFace
    /// `</s> A </s>` and `</s> A </s> B </s>`: what the model was trained with.
    case original
    case none
  }

  public var mode: Mode
  /// The code of the text's language, as the model spells it; without it the rules are those of
  /// English.
  public var language: String?
  public var ends: Ends
  /// Spellings that stand for `<special1>` besides itself: `<mask>`, `[MASK]`.
  public var maskSpellings: [String]
  /// The most tokens, added ones included; tokens beyond it are cut off the longer text, where
  /// both are equally long off the second. Without it nothing is cut.
  public var maximumLength: Int?
  /// Where a text is cut.
  public var truncationSide = TruncationSide.right
  /// Whether tabs, line feeds and the other control characters that are white space separate words in `.huggingFace`
  /// too. Hugging Face's tokenizer deletes them, which joins the words beside them.
  public var separatesAtControls = false

  /// Options with the ends of the mode.
  public init(
    mode: Mode = .faithful, language: String? = nil, maskSpellings: [String] = [],
    maximumLength: Int? = nil
  ) {
    self.init(
      mode: mode, language: language, ends: mode == .huggingFace ? .huggingFace : .original,
      maskSpellings: maskSpellings, maximumLength: maximumLength)
  }

  public init(
    mode: Mode = .faithful, language: String? = nil, ends: Ends, maskSpellings: [String] = [],
    maximumLength: Int? = nil
  ) {
    self.mode = mode
    self.language = language
    self.ends = ends
    self.maskSpellings = maskSpellings
    self.maximumLength = maximumLength
  }
}

/// The side of a text from which tokens beyond the limit are cut off; of a pair, the side of both texts.
public enum TruncationSide: String, Sendable, CaseIterable {
  /// The end of a text.
  case right
  /// The beginning of a text.
  case left
}

extension TokenizerTables {
  /// What a user should know who asks for `options`; nil if nothing stands in the way.
  public func warning(for options: EncodingOptions) -> String? {
    guard options.mode != .pretokenized, let language = options.language,
      segmentedLanguages.contains(language), !canSegment(language)
    else { return nil }
    let reason =
      language == "ja"
      ? "There is no dictionary for Japanese"
      : "The model came without a dictionary for \"\(language)\""
    return """
      \(reason), which is written without spaces between words. The text is split by Hugging Face's \
      language-independent rules. For better tokens, put spaces between its words and say that it is pretokenized\
      \(language == "ja" ? "." : ", or convert the checkpoint with the dictionary.")
      """
  }

  /// Whether there is a dictionary for a language written without spaces between words.
  func canSegment(_ language: String) -> Bool {
    switch language {
    case "zh": !chineseWords.isEmpty
    case "th": !thaiWords.isEmpty
    default: false
    }
  }
}
