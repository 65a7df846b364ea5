internal import ThimbleArchitecture
public import ThimbleModel
public import ThimbleText

/// A text, or a pair of texts, as an encoder takes it.
public struct SequenceInput: Sendable, Equatable {
  /// Ends included.
  public let ids: [Int32]
  /// For each token the id whose word embedding is added as its token type; nil for none.
  let types: [Int32]?
  /// For each token where it stands in the text; nil: one behind the other.
  let places: [Int32]?
  /// The id of the language whose embedding is added; nil for models to which it does not matter.
  let language: Int32?

  /// - Parameter ids: ends included, padding not.
  public init(ids: [Int]) {
    self.init(ids: ids.map { Int32(clamping: $0) }, types: nil, language: nil)
  }

  init(ids: [Int32], types: [Int32]?, places: [Int32]? = nil, language: Int32?) {
    self.ids = ids
    self.types = types
    self.places = places
    self.language = language
  }

  /// The ids of one text as `options` put it into the model.
  ///
  /// - Parameters:
  ///   - ids: ends included, padding not.
  ///   - language: that of `ModelText.languageID`.
  public init(ids: [Int], _ options: TextOptions, language: Int32? = nil) {
    self.init(
      ids: ids.map { Int32(clamping: $0) },
      types: options.hasTypes ? [Int32](repeating: 0, count: ids.count) : nil, language: language)
  }

  /// Whether both may be in one pass.
  public func fits(with other: SequenceInput) -> Bool {
    (language == nil) == (other.language == nil) && (types == nil) == (other.types == nil)
  }
}

extension Batch {
  /// Appends a sequence that fits with the others.
  public func append(_ input: SequenceInput) throws(ModelError) {
    try append(
      input.ids, language: input.language, types: input.types, places: input.places)
  }
}

extension TextOptions {
  var hasTypes: Bool { addsTypes ?? (convention == .huggingFace) }
}

extension ModelText {
  /// `first`, or `first` and `second` as a pair, in tokens.
  ///
  /// - Parameter tokenizer: one that `makeTokenizer` made.
  /// - Throws: `ThimbleError.noTokenizer`, `.tooLong`, `.text`, `.language`.
  public func input(
    _ first: String, pairedWith second: String? = nil, _ options: TextOptions = TextOptions(),
    with tokenizer: inout Tokenizer?
  ) throws(ThimbleError) -> SequenceInput {
    let encoding = options.convention.encoding(language: options.language)
    var tokens: [Token] = []
    if let second {
      try encode(
        first, second, encoding, truncates: options.truncates, with: &tokenizer, into: &tokens)
    } else {
      try encode(
        first.utf8.span, encoding, truncates: options.truncates, with: &tokenizer, into: &tokens)
    }
    return SequenceInput(
      ids: tokens.map { Int32($0.id) },
      types: options.hasTypes ? tokens.map { Int32($0.segment) } : nil,
      language: try languageID(options.language))
  }

  private func encode(
    _ first: String, _ second: String, _ options: EncodingOptions, truncates: Bool,
    with tokenizer: inout Tokenizer?, into tokens: inout [Token]
  ) throws(ThimbleError) {
    guard tokenizer != nil else { throw .noTokenizer(path: path) }
    var options = options
    if truncates { options.maximumLength = longestText }
    do throws(TextError) {
      try tokenizer?.encode(
        first.utf8.span, pairedWith: second.utf8.span, options, into: &tokens)
    } catch { throw .text(error) }
    guard tokens.count <= longestText else {
      throw .tooLong(tokens: tokens.count, limit: longestText)
    }
  }
}
