internal import ThimbleSystem

/// Turns text into tokens, with working memory that it keeps from text to text.
///
/// `EncodingOptions` says by whose rules; they are in Formats/tokenizer.md. Memory and time grow in
/// proportion to the text. One tokenizer serves one thread; any number may share tables.
public struct Tokenizer: ~Copyable {
  public let tables: TokenizerTables
  public let specialTokens: SpecialTokens
  /// The rules of the latest text.
  private(set) var rules = LanguageRules(language: "en", mode: .faithful, foldsRomanian: false)
  private(set) var rulesMode = EncodingOptions.Mode.faithful
  private(set) var rulesLanguage = "en"
  /// Hugging Face's public tokenizer lower-cases before it looks at the text; everyone else
  /// lower-cases words.
  private(set) var lowercasesFirst = false
  /// Whether words are lower-cased and lose their accents.
  private(set) var lowercases = false
  private var separatesAtControls = false
  /// Whether a text is lower-cased before it is split, which FlauBERT's may be; nil: the text is not FlauBERT's.
  private(set) var lowercasesFrench: Bool?
  /// What spells an added token, and the bytes that one can begin with; nil before the first text.
  var search: AddedTokenSearch?
  var beginnings = SIMD4<UInt64>()
  var chinese: ChineseSegmenter?
  var thai: ThaiSegmenter?
  var text = TextBuffer()
  var words: [Range<Int>] = []
  var bytes: [UInt8] = []
  var folder = WordFolder()
  var merger = BytePairMerger()

  /// Texts up to this many scalars leave their working memory to the next one.
  private static let keptCapacity = 1 << 14
  private static let byteLimit = 1 << 30
  /// What a long text takes in all while it is worked on, in bytes for each of its own: its scalars twice, with
  /// room to grow, its words and its tokens.
  private static let workingBytes = 120
  /// A text up to this many bytes takes nothing worth asking for.
  private static let smallText = 1 << 16

  public init(tables: TokenizerTables) {
    self.tables = tables
    specialTokens = tables.specialTokens
  }

  /// The tokens of one text in UTF-8.
  ///
  /// - Throws: `TextError.notUTF8`, `.textTooLong`, `.outOfMemory`.
  public mutating func encode(
    _ text: Span<UInt8>, _ options: EncodingOptions = EncodingOptions()
  ) throws(TextError) -> [Token] {
    var tokens: [Token] = []
    try encode(text, options, into: &tokens)
    return tokens
  }

  /// The tokens of one text.
  public mutating func encode(
    _ text: String, _ options: EncodingOptions = EncodingOptions()
  ) throws(TextError) -> [Token] {
    try encode(text.utf8.span, options)
  }

  /// Overwrites `tokens` with those of one text in UTF-8; keeps its capacity.
  public mutating func encode(
    _ text: Span<UInt8>, _ options: EncodingOptions, into tokens: inout [Token]
  ) throws(TextError) {
    tokens.removeAll(keepingCapacity: true)
    appendBeginning(options, to: &tokens)
    let added = tokens.count
    try appendTokens(of: text, segment: 0, options, to: &tokens)
    if let limit = options.maximumLength {
      tokens.cut(
        tokens.count - max(limit - added, added), from: options.truncationSide, behind: added)
    }
    appendEnd(of: text, segment: 0, options, to: &tokens)
    shrink()
  }

  /// Overwrites `tokens` with those of a pair of texts in UTF-8; keeps its capacity.
  public mutating func encode(
    _ first: Span<UInt8>, pairedWith second: Span<UInt8>, _ options: EncodingOptions,
    into tokens: inout [Token]
  ) throws(TextError) {
    tokens.removeAll(keepingCapacity: true)
    var others: [Token] = []
    try appendTokens(of: first, segment: 0, options, to: &tokens)
    try appendTokens(of: second, segment: 1, options, to: &others)
    if let limit = options.maximumLength {
      let room = max(limit - (options.ends == .none ? 0 : 3), 0)
      let (kept, keptOthers) = Self.shares(of: room, tokens.count, others.count)
      tokens.cut(tokens.count - kept, from: options.truncationSide)
      others.cut(others.count - keptOthers, from: options.truncationSide)
    }
    var beginning: [Token] = []
    appendBeginning(options, to: &beginning)
    tokens.insert(contentsOf: beginning, at: 0)
    appendEnd(of: first, segment: 0, options, to: &tokens)
    tokens += others
    appendEnd(of: second, segment: 1, options, to: &tokens)
    shrink()
  }

  /// How many tokens of each text stay if they share `room`: the longer one is cut first.
  private static func shares(of room: Int, _ first: Int, _ second: Int) -> (Int, Int) {
    if first + second <= room { return (first, second) }
    if second <= room / 2 { return (room - second, second) }
    if first <= (room + 1) / 2 { return (first, room - first) }
    return ((room + 1) / 2, room / 2)
  }

  private func appendBeginning(_ options: EncodingOptions, to tokens: inout [Token]) {
    guard options.ends != .none else { return }
    let id =
      options.ends == .huggingFace ? specialTokens.beginning : specialTokens.separator
    tokens.append(Token(id: UInt32(id), start: 0, end: 0, segment: 0, isAdded: true))
  }

  private func appendEnd(
    of text: Span<UInt8>, segment: Int, _ options: EncodingOptions, to tokens: inout [Token]
  ) {
    guard options.ends != .none else { return }
    let end = UInt32(text.count)
    tokens.append(
      Token(
        id: UInt32(specialTokens.separator), start: end, end: end, segment: segment, isAdded: true))
  }

  private mutating func appendTokens(
    of text: Span<UInt8>, segment: Int, _ options: EncodingOptions, to tokens: inout [Token]
  ) throws(TextError) {
    guard text.count <= Self.byteLimit else {
      throw .textTooLong(byteCount: text.count, limit: Self.byteLimit)
    }
    if text.count > Self.smallText { try Self.requireMemory(for: text.count) }
    useRules(options)
    self.text.removeAll()
    if specialTokens.added.heedsNeighbours {
      return try appendPieces(of: text, segment: segment, options, to: &tokens)
    }
    let starts = options.maskSpellings.compactMap(\.utf8.first)
    var index = 0
    while index < text.count {
      let byte = text[index]
      if mayBegin(byte) || !starts.isEmpty && starts.contains(byte),
        let token = addedToken(in: text, at: index, options)
      {
        appendPiece(segment, to: &tokens)
        tokens.append(
          Token(
            id: token.id, start: UInt32(index), end: UInt32(index + token.length),
            segment: segment))
        index += token.length
      } else {
        index += try collect(text, at: index)
      }
    }
    appendPiece(segment, to: &tokens)
  }

  /// Asks for what a text will take before arrays ask, which cannot say that they were refused.
  private static func requireMemory(for byteCount: Int) throws(TextError) {
    let wanted = byteCount * workingBytes
    guard systemGrants(byteCount: wanted) else { throw .outOfMemory(byteCount: wanted) }
  }

  /// Adds the scalar at `index` to the text that is split next, and returns its length in bytes.
  @inline(__always)
  mutating func collect(_ text: Span<UInt8>, at index: Int) throws(TextError) -> Int {
    guard let (found, length) = decodeScalar(text, at: index) else {
      self.text.removeAll()
      throw .notUTF8(offset: index)
    }
    let isBlank = separatesAtControls && (9...13 ~= found || found == 0x85)
    let value = isBlank ? 0x20 : found
    let scalar = SourceScalar(value, start: UInt32(index), end: UInt32(index + length))
    if lowercasesFirst, scalar.classes.contains(.lowers) {
      let (first, second) = lowerCased(value)
      self.text.append(scalar.replaced(by: first))
      if second != 0 { self.text.append(scalar.replaced(by: second)) }
    } else {
      self.text.append(scalar)
    }
    return length
  }

  private mutating func useRules(_ options: EncodingOptions) {
    var language = options.language
    var mode = options.mode
    if let wanted = language, tables.kind == .xlm, segmentedLanguages.contains(wanted),
      mode != .pretokenized, !tables.canSegment(wanted)
    {
      // Without a dictionary, what Hugging Face's public tokenizer does.
      (language, mode) = (nil, .huggingFace)
    }
    // A vocabulary with capitals comes from text that kept them, whatever its settings say.
    let lowers = tables.lowercases && (!tables.isCased || options.mode == .huggingFace)
    if tables.kind == .flaubert {
      language = "fr"
      lowercasesFrench = lowers
    }
    lowercases = lowers && tables.kind == .xlm
    lowercasesFirst = lowercases && mode == .huggingFace && language == nil
    separatesAtControls = options.separatesAtControls
    setRules(language ?? "en", mode)
    prepareAddedTokens()
  }

  private mutating func setRules(_ language: String, _ mode: EncodingOptions.Mode) {
    guard language != rulesLanguage || mode != rulesMode else { return }
    rules = LanguageRules(
      language: language, mode: mode,
      foldsRomanian: mode == .huggingFace || !tables.hasRomanianMarks)
    (rulesLanguage, rulesMode) = (language, mode)
    if language == "zh", chinese == nil, tables.canSegment(language) {
      chinese = ChineseSegmenter(tables.chineseWords, tables.chineseModel)
    }
    if language == "th", thai == nil, tables.canSegment(language) {
      thai = ThaiSegmenter(tables.thaiWords)
    }
  }

  private mutating func shrink() {
    text.shrink(to: Self.keptCapacity)
    folder.shrink(to: Self.keptCapacity)
    merger.shrink(to: Self.keptCapacity)
    chinese?.shrink(to: Self.keptCapacity)
    thai?.shrink(to: Self.keptCapacity)
    if bytes.capacity > Self.keptCapacity { bytes = [] }
    if words.capacity > Self.keptCapacity { words = [] }
  }
}

extension [Token] {
  /// Removes `count` tokens, if that is more than none, from one side of those behind the first `start`.
  fileprivate mutating func cut(_ count: Int, from side: TruncationSide, behind start: Int = 0) {
    guard count > 0 else { return }
    switch side {
    case .right: removeLast(count)
    case .left: removeSubrange(start..<start + count)
    }
  }
}
