public import ThimbleText

/// Turns texts into a model's tokens: what is known of the model's text, with a tokenizer that remembers words.
///
/// For one thread at a time, and worth keeping.
public final class TextEncoder {
  public let text: ModelText
  private var tokenizer: Tokenizer?

  public init(_ text: ModelText) {
    self.text = text
    tokenizer = text.tables.map { Tokenizer(tables: $0) }
  }

  /// Overwrites `tokens` with those of `first`, or of `first` and `second` as a pair, at most `longestText`.
  ///
  /// - Parameters:
  ///   - truncates: whether a text that is too long is cut.
  ///   - wanted: the id of a token that may not be cut off.
  /// - Throws: `ThimbleError.noTokenizer`, `.tooLong`, `.text`, `.maskCut`.
  public func encode(
    _ first: Span<UInt8>, pairedWith second: String? = nil, _ options: EncodingOptions,
    truncates: Bool, keeping wanted: Int? = nil, into tokens: inout [Token]
  ) throws(ThimbleError) {
    try encode(first, second, options, &tokens)
    guard tokens.count > text.longestText else { return }
    guard truncates else { throw .tooLong(tokens: tokens.count, limit: text.longestText) }
    let count = tokens.count { $0.id == wanted }
    var cut = options
    cut.maximumLength = text.longestText
    try encode(first, second, cut, &tokens)
    // Nothing more is left out of a pair with a text that has no token.
    guard tokens.count <= text.longestText else {
      throw .tooLong(tokens: tokens.count, limit: text.longestText)
    }
    let lost = count - tokens.count { $0.id == wanted }
    guard lost == 0 else { throw .maskCut(count: lost, limit: text.longestText) }
  }

  private func encode(
    _ first: Span<UInt8>, _ second: String?, _ options: EncodingOptions, _ tokens: inout [Token]
  ) throws(ThimbleError) {
    guard tokenizer != nil else { throw .noTokenizer(path: text.path) }
    do throws(TextError) {
      if let second {
        try tokenizer?.encode(first, pairedWith: second.utf8.span, options, into: &tokens)
      } else {
        try tokenizer?.encode(first, options, into: &tokens)
      }
    } catch { throw .text(error) }
  }

  /// The tokens of `text`, however many.
  public func tokens(
    _ text: String, _ options: EncodingOptions
  ) throws(ThimbleError) -> [Token] {
    var tokens: [Token] = []
    try encode(text.utf8.span, nil, options, &tokens)
    return tokens
  }

  /// `first`, or `first` and `second` as a pair, in tokens.
  ///
  /// - Throws: `ThimbleError.noTokenizer`, `.tooLong`, `.text`, `.language`.
  public func input(
    _ first: String, pairedWith second: String? = nil, _ options: TextOptions = TextOptions()
  ) throws(ThimbleError) -> SequenceInput {
    var tokens: [Token] = []
    try encode(
      first.utf8.span, pairedWith: second, options.encoding, truncates: options.truncates,
      into: &tokens)
    return SequenceInput(
      ids: tokens.map { Int32($0.id) },
      types: options.hasTypes ? tokens.map { Int32($0.segment) } : nil,
      language: try text.languageID(options.language))
  }

  /// A list of token ids, ends included; see `ModelText.input(ids:)`.
  public func input(
    ids: [Int], _ options: TextOptions = TextOptions()
  ) throws(ThimbleError) -> SequenceInput {
    try text.input(ids: ids, options)
  }
}
