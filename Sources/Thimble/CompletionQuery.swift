internal import ThimbleArchitecture
internal import ThimbleModel
internal import ThimbleText

/// A text that is to be continued, made ready for the first pass.
public struct CompletionQuery: Sendable {
  /// The text as it was given, or that of the ids.
  public let prompt: String
  public let options: CompletionOptions
  /// The tokens that the first one to be added comes behind: that of the beginning, and the text.
  let context: [Int32]
  private let language: Int32?
  private let text: ModelText

  /// - Throws: `ThimbleError`, among them `.notCausal`, and `.noRoom` if the model has no positions for all that is wanted.
  public init(
    _ string: String, _ options: CompletionOptions, with texts: TextEncoder
  ) throws(ThimbleError) {
    let tokens = try texts.tokens(string, options.text.encoding).map { Int32($0.id) }
    try self.init(tokens, prompt: string, options, texts.text)
  }

  /// - Parameter ids: ends included; that at the end is left out, and so is padding.
  /// - Throws: as above; also `ThimbleError.noTokens`, `.tokenID`, `.paddingInside`.
  public init(
    ids: [Int], _ options: CompletionOptions, with texts: TextEncoder
  ) throws(ThimbleError) {
    let text = texts.text
    try text.checkVocabulary(ids)
    let padding = text.configuration.specialIDs.padding
    guard let last = ids.lastIndex(where: { $0 != padding }) else { throw .noTokens }
    let tokens = ids[...last]
    if let gap = tokens.firstIndex(of: padding) { throw .paddingInside(position: gap) }
    let prompt = text.tables?.decode(tokens, skipSpecial: true) ?? ""
    try self.init(tokens.map { Int32($0) }, prompt: prompt, options, text)
  }

  private init(
    _ tokens: [Int32], prompt: String, _ options: CompletionOptions, _ text: ModelText
  ) throws(ThimbleError) {
    try text.checkCausal()
    (self.prompt, self.options, self.text) = (prompt, options, text)
    language = try text.languageID(options.text.language)
    let ends = tokens.count > 1 && tokens.last == Int32(text.configuration.specialIDs.end)
    var context = ends ? Array(tokens.dropLast()) : tokens
    // The last token to be added is not read any more.
    guard options.text.truncates || context.count + options.length - 1 <= text.longestText else {
      throw .noRoom(tokens: context.count, added: options.length, limit: text.longestText)
    }
    Self.cut(&context, to: text.longestText)
    self.context = context
  }

  /// All tokens of the prompt that are read, that of the beginning included.
  public var tokens: [Int32] { context }

  /// The pass that finds the token behind `context`.
  func next(
    after context: [Int32], _ choice: MaskedLanguageModel.Choice
  ) -> (sequence: SequenceInput, query: MaskedLanguageModel.Query) {
    (
      SequenceInput(ids: context.map { Int($0) }, options.text, language: language),
      .init(positions: [context.count - 1], choosing: choice)
    )
  }

  /// Leaves out the oldest tokens of the text that the model has no positions for.
  func cut(_ context: inout [Int32]) { Self.cut(&context, to: text.longestText) }

  private static func cut(_ context: inout [Int32], to limit: Int) {
    let excess = context.count - limit
    if excess > 0 { context.removeSubrange(1..<1 + excess) }
  }

  /// Whether a space stands between the tokens `context` and the next one.
  func separates(_ context: [Int32], isFirst: Bool) -> Bool {
    if isFirst, prompt.unicodeScalars.last?.properties.isWhitespace ?? true { return false }
    return context.last.map { text.endsWord(Int($0)) } ?? false
  }
}
