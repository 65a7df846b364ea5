public import ThimbleSystem

/// Vocabulary and merges of a byte pair encoding, used in place from the bytes of a file.
///
/// Opening them checks the header and the bounds of the sections in constant time; nothing is
/// copied. The contents are not trusted: wrong ones give wrong tokens, never a trap or an endless
/// loop, and `validate()` finds them. Layout: Formats/tokenizer.md.
public final class TokenizerTables: Sendable {
  /// Number of token ids: the tokens have the ids `0..<tokenCount`.
  public let tokenCount: Int
  public let kind: Kind
  /// Whether the vocabulary wants text in lower case and, if XLM's, without accents.
  public let lowercases: Bool
  /// Whether the vocabulary has capitals nevertheless: then only Hugging Face's mode drops them.
  public let isCased: Bool
  /// Size of the tables in bytes.
  public let byteCount: Int

  /// Whose rules texts are split by.
  public enum Kind: String, Sendable, CaseIterable {
    case xlm
    /// Always those of French, behind some of its own.
    case flaubert
  }

  let symbolCount: Int
  let texts: WordView<UInt8>
  let symbolBlocks: WordView<UInt64>
  let hash: TextHash
  let index: SymbolIndex
  let merges: MergeTable
  let textBytes: ByteView
  let languageText: ByteView
  let addedTokens: AddedTokenList.Stored?
  let chineseWords: WordTrie
  let chineseModel: CharacterModel
  let thaiWords: WordTrie

  /// - Parameter view: The tokenizer section of a .thimble file, or what `build` returned.
  /// - Throws: `TextError.damagedTables` or `.unknownVersion`.
  public init(view: ByteView) throws(TextError) {
    let layout = try TablesLayout(view)
    tokenCount = layout.tokenCount
    symbolCount = layout.symbolCount
    kind = layout.kind
    lowercases = layout.lowercases
    isCased = layout.isCased
    addedTokens = AddedTokenList.Stored(layout[.addedTokens])
    textBytes = layout[.texts]
    texts = WordView(textBytes)
    symbolBlocks = WordView(layout[.symbolBlocks])
    hash = TextHash(seed: layout.hashSeed)
    index = SymbolIndex(
      displacements: layout[.displacements], slots: layout[.slots], symbolCount: symbolCount)
    merges = MergeTable(
      records: layout[.mergeRecords], more: layout[.moreMerges], mergeCount: layout.mergeCount)
    languageText = layout[.languages]
    chineseWords = WordTrie(layout[.chineseWords])
    chineseModel = CharacterModel(layout[.chineseModel])
    thaiWords = WordTrie(layout[.thaiWords])
    byteCount = view.count
  }

  /// The codes of the languages that the model was trained on, in the order of their ids.
  public var languages: [String] {
    languageText.utf8String()?.split(separator: "\n").map(String.init) ?? []
  }

  /// How many tokens texts are split at; nil if they are those of every XLM model.
  public var addedTokenCount: Int? { addedTokens?.count }

  /// The id of a token as vocab.json spells it, with `</w>` at the end of a word.
  public func id(of token: Span<UInt8>) -> Int? {
    let (length, endsWord) = splitEndOfWord(token)
    let symbol = symbol(of: token.extracting(first: length), endsWord: endsWord)
    return symbol.flatMap { $0 < UInt32(tokenCount) ? Int($0) : nil }
  }

  /// The id of a token as vocab.json spells it, with `</w>` at the end of a word.
  public func id(of token: String) -> Int? { id(of: token.utf8.span) }
}

extension TokenizerTables {
  /// Where a symbol's text lies, and what else is known about it.
  struct Entry {
    let text: Range<Int>
    let endsWord: Bool
    /// The merges lead from the text of this symbol, which is a word, to this symbol alone.
    let isWhole: Bool

    var isAbsent: Bool { text.isEmpty && isWhole && !endsWord }
  }

  /// What is known about `symbol`; nil if it is out of range, or its text is.
  @inline(__always)
  func entry(_ symbol: UInt32) -> Entry? {
    guard symbol < UInt32(symbolCount) else { return nil }
    let lane = Int(symbol & 15)
    let block = Int(symbol >> 4) * 3
    let head = symbolBlocks[block]
    let lengths = (symbolBlocks[block + 1], symbolBlocks[block + 2])
    let shift = UInt64(lane & 7) << 3
    let half = lane < 8 ? lengths.0 : lengths.1
    let before = byteSum(half & ((1 << shift) - 1)) + (lane < 8 ? 0 : byteSum(lengths.0))
    let start = Int(head & 0xFFFF_FFFF) + before
    let end = start + Int(half >> shift & 0xFF)
    guard end <= texts.count else { return nil }
    return Entry(
      text: start..<end, endsWord: head >> UInt64(32 + lane) & 1 != 0,
      isWhole: head >> UInt64(48 + lane) & 1 != 0)
  }

  /// The symbol with this text, or nil.
  func symbol(of text: Span<UInt8>, endsWord: Bool) -> UInt32? {
    var number: UInt64 = 0
    for index in text.indices { number = hash.extended(number, by: text[index]) }
    return symbol(number, text, endsWord: endsWord)
  }

  /// The symbol with this text, of which `number` is the hash number, or nil.
  @inline(__always)
  func symbol(_ number: UInt64, _ text: Span<UInt8>, endsWord: Bool) -> UInt32? {
    guard let symbol = index.candidate(TextHash.finished(number, endsWord: endsWord)),
      let entry = entry(symbol), entry.endsWord == endsWord, !entry.isAbsent,
      has(entry, text, text.indices)
    else { return nil }
    return symbol
  }

  /// Whether a symbol is that of a part of a word.
  @inline(__always)
  func has(_ symbol: UInt32, _ word: Span<UInt8>, _ part: Range<Int>) -> Bool {
    guard let entry = entry(symbol) else { return false }
    return entry.endsWord == (part.upperBound == word.count) && has(entry, word, part)
  }

  @inline(__always)
  private func has(_ entry: Entry, _ word: Span<UInt8>, _ part: Range<Int>) -> Bool {
    guard entry.text.count == part.count else { return false }
    for index in 0..<part.count
    where texts[entry.text.lowerBound + index] != word[part.lowerBound + index] { return false }
    return true
  }

  /// The token that the merges make of a whole word, where the tables say that they do; nil if the
  /// word has to be merged.
  func wholeWord(_ scalars: [SourceScalar], _ word: Range<Int>) -> UInt32? {
    var number: UInt64 = 0
    for index in word {
      forEachByte(of: scalars[index].value) { number = hash.extended(number, by: $0) }
    }
    guard let symbol = index.candidate(TextHash.finished(number, endsWord: true)),
      symbol < UInt32(tokenCount), let entry = entry(symbol), entry.isWhole, entry.endsWord
    else { return nil }
    var place = entry.text.lowerBound
    for index in word {
      var isEqual = true
      forEachByte(of: scalars[index].value) {
        isEqual = isEqual && place < entry.text.upperBound && texts[place] == $0
        place += 1
      }
      if !isEqual { return nil }
    }
    return place == entry.text.upperBound ? symbol : nil
  }
}

/// The sum of eight bytes.
@inline(__always)
private func byteSum(_ bytes: UInt64) -> Int {
  let pairs = (bytes & 0x00FF_00FF_00FF_00FF) + (bytes >> 8 & 0x00FF_00FF_00FF_00FF)
  return Int((pairs &* 0x0001_0001_0001_0001) >> 48)
}

/// Splits `</w>` off the end of a token.
func splitEndOfWord(_ token: Span<UInt8>) -> (length: Int, endsWord: Bool) {
  let mark: [4 of UInt8] = [0x3C, 0x2F, 0x77, 0x3E]
  let length = token.count - 4
  guard length >= 0 else { return (token.count, false) }
  for index in 0..<4 where token[length + index] != mark[index] { return (token.count, false) }
  return (length, true)
}
