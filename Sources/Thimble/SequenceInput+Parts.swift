internal import ThimbleText

extension SequenceInput {
  /// A text, or a pair of texts, of tokens that are there already, with the ends that `options` put around them.
  ///
  /// - Parameters:
  ///   - first: tokens without ends.
  ///   - tables: what says which tokens the ends are.
  init(
    _ first: some Collection<Token>, pairedWith second: (some Collection<Token>)?,
    _ options: TextOptions, _ tables: TokenizerTables, language: Int32?
  ) {
    let special = tables.specialTokens
    let begin = options.encoding.ends == .huggingFace ? special.beginning : special.separator
    let end = Int32(special.separator)
    var ids = [Int32(begin)] + first.map { Int32($0.id) } + [end]
    let split = ids.count
    if let second { ids += second.map { Int32($0.id) } + [end] }
    self.init(
      ids: ids, types: options.hasTypes ? ids.indices.map { $0 < split ? 0 : 1 } : nil,
      language: language)
  }
}

/// Overlapping parts of a text that is longer than a model takes.
enum TextWindows {
  /// Ranges of at most `length` of `count` tokens, of which neighbours share `overlap`, less than `length`. At least one.
  static func ranges(count: Int, length: Int, overlap: Int) -> [Range<Int>] {
    precondition(length > overlap && overlap >= 0, "windows must move on")
    var ranges: [Range<Int>] = []
    var start = 0
    while true {
      ranges.append(start..<min(start + length, count))
      guard start + length < count else { return ranges }
      start += length - overlap
    }
  }
}

extension TextEncoder {
  /// The tokens of `text` without ends, however many.
  func inner(_ text: String, _ options: TextOptions) throws(ThimbleError) -> [Token] {
    var encoding = options.encoding
    encoding.ends = .none
    return try tokens(text, encoding)
  }
}

extension ModelText {
  /// Whether the token `id` ends a word. One that stands for no text, or for what the vocabulary lacks, is a word by itself.
  func endsWord(_ id: Int) -> Bool {
    guard let tables, !tables.specialTokens.contains(id) else { return true }
    return tables.withToken(id) { _, endsWord in endsWord } ?? true
  }
}
