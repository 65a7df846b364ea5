internal import ThimbleSystem

extension TokenizerTables {
  /// Makes tokenizer tables of a vocabulary and its merges.
  ///
  /// - Parameters:
  ///   - kind: Whose rules texts are split by.
  ///   - lowercases: Whether the vocabulary wants text in lower case and, if XLM's, without accents.
  ///   - isCased: Whether it has capitals nevertheless. See `TokenizerTables.isCased`.
  ///   - languages: The codes of the model's languages in the order of their ids.
  ///   - dictionaries: Of languages written without spaces between words.
  ///   - added: The tokens that texts are split at, all of them tokens of the source; nil: those of every XLM model.
  /// - Returns: The bytes of Formats/tokenizer.md, the same for the same source.
  /// - Throws: `TextError.badVocabulary` if two tokens share an id or a spelling, an id is not in
  ///   `0..<2,000,000`, or a token is longer than 255 bytes.
  public static func build(
    from source: some TokenizerSource, kind: Kind = .xlm, lowercases: Bool, isCased: Bool = false,
    languages: [String], dictionaries: SegmentationDictionaries = SegmentationDictionaries(),
    added: AddedTokens? = nil
  ) throws(TextError) -> [UInt8] {
    var builder = TablesBuilder()
    try builder.addTokens(of: source)
    try builder.addMerges(of: source)
    let flags =
      (lowercases ? TablesLayout.lowercasesFlag : 0)
      | (lowercases && isCased ? TablesLayout.isCasedFlag : 0)
      | (kind == .flaubert ? TablesLayout.isFrenchFlag : 0)
    var records: [UInt8]?
    if let added { records = try builder.records(of: added) }
    let bytes = try builder.encoded(
      flags: flags, languages: languages, dictionaries: dictionaries, added: records)
    return try markWholeWords(in: bytes)
  }

  /// Sets the flag of every token whose text the merges turn into that token alone.
  private static func markWholeWords(in bytes: [UInt8]) throws(TextError) -> [UInt8] {
    let view: ByteView
    do { view = try ByteView(bytes) } catch { throw .outOfMemory(byteCount: bytes.count) }
    let layout = try TablesLayout(view)
    let tables = try TokenizerTables(view: view)
    let blocks = layout.range(of: .symbolBlocks).lowerBound
    var bytes = bytes
    var merger = BytePairMerger()
    for symbol in 0..<UInt32(tables.tokenCount) {
      guard let entry = tables.entry(symbol), tables.isWhole(symbol, entry, &merger) else {
        continue
      }
      bytes[blocks + Int(symbol >> 4) * 24 + 6 + Int(symbol & 15) / 8] |= 1 << UInt8(symbol & 7)
    }
    return bytes
  }
}

/// The growing tables: texts of symbols, and the merges that make them.
private struct TablesBuilder {
  private var symbols = SymbolList()
  /// For each symbol the merges that make it.
  private var merges: [[(leftCount: Int, rank: Int)]] = []
  private var tokenCount = 0
  private var mergeCount = 0

  private static let tokenLimit = 2_000_000

  mutating func addTokens(of source: some TokenizerSource) throws(TextError) {
    let order = try idOrder(of: source)
    var bytes: [UInt8] = []
    for (id, index) in order.enumerated() {
      bytes.removeAll(keepingCapacity: true)
      if index < 0 {
        symbols.appendAbsent()
      } else {
        _ = source.appendToken(Int(index), to: &bytes)
        guard try symbols.symbol(of: bytes.span) == id else {
          throw .badVocabulary(
            reason: "the token \"\(String(decoding: bytes, as: UTF8.self))\" occurs twice")
        }
      }
    }
    tokenCount = order.count
  }

  /// The source's index of every id; -1 for an id without a token.
  private func idOrder(of source: some TokenizerSource) throws(TextError) -> [Int32] {
    guard source.tokenCount <= Self.tokenLimit else {
      throw .badVocabulary(
        reason: "it has \(source.tokenCount) tokens; the limit is \(Self.tokenLimit)")
    }
    var order: [Int32] = []
    var bytes: [UInt8] = []
    for index in 0..<source.tokenCount {
      bytes.removeAll(keepingCapacity: true)
      let id = source.appendToken(index, to: &bytes)
      guard id >= 0, id < Self.tokenLimit else {
        throw .badVocabulary(
          reason: "the token \"\(String(decoding: bytes, as: UTF8.self))\" has the id \(id)")
      }
      while order.count <= id { order.append(-1) }
      guard order[id] < 0 else { throw .badVocabulary(reason: "two tokens have the id \(id)") }
      order[id] = Int32(index)
    }
    return order
  }

  mutating func addMerges(of source: some TokenizerSource) throws(TextError) {
    guard source.mergeCount <= Self.tokenLimit else {
      throw .badVocabulary(
        reason: "it has \(source.mergeCount) merges; the limit is \(Self.tokenLimit)")
    }
    mergeCount = source.mergeCount
    merges = [[(leftCount: Int, rank: Int)]](repeating: [], count: symbols.count)
    var left: [UInt8] = []
    var right: [UInt8] = []
    for rank in 0..<mergeCount {
      left.removeAll(keepingCapacity: true)
      right.removeAll(keepingCapacity: true)
      source.appendMerge(rank, left: &left, right: &right)
      // Only the last part of a word has the mark of its end, and no part is empty.
      guard !left.isEmpty, !splitEndOfWord(left.span).endsWord,
        splitEndOfWord(right.span).length > 0
      else { continue }
      let leftCount = left.count
      left += right
      let symbol = try symbols.symbol(of: left.span)
      while merges.count < symbols.count { merges.append([]) }
      // Of equal merges the last one counts.
      merges[symbol].removeAll { $0.leftCount == leftCount }
      merges[symbol].append((leftCount, rank))
    }
  }

  /// The seed of the hash: 0, as a rule. Those behind it depend on all texts, so that no vocabulary can be made for them
  /// beforehand, and are the same for the same vocabulary.
  private func seed(_ attempt: Int) -> UInt32 {
    guard attempt > 0 else { return 0 }
    var number: UInt64 = UInt64(attempt)
    for byte in symbols.texts { number = (number ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    return UInt32(truncatingIfNeeded: TextHash.finished(number, endsWord: false) >> 32)
  }

  /// The bytes of the finished tables, without the flags of whole words.
  func encoded(
    flags: UInt32, languages: [String], dictionaries: SegmentationDictionaries, added: [UInt8]?
  ) throws(TextError) -> [UInt8] {
    for attempt in 0..<8 {
      let seed = seed(attempt)
      guard let index = SymbolIndex.build(symbols.hashes(TextHash(seed: seed))) else { continue }
      let records = MergeTable.build(merges, mergeCount: mergeCount)
      var writer = TablesWriter()
      writer.add(.texts, symbols.texts)
      writer.add(.symbolBlocks, symbols.blocks())
      writer.add(.displacements, index.displacements)
      writer.add(.slots, index.slots)
      writer.add(.mergeRecords, records.records)
      writer.add(.languages, Array(languages.joined(separator: "\n").utf8))
      writer.add(.moreMerges, records.more)
      if let chinese = dictionaries.chinese {
        writer.add(.chineseWords, chinese.words)
        writer.add(.chineseModel, chinese.model)
      }
      if let thai = dictionaries.thai { writer.add(.thaiWords, thai.words) }
      if let added { writer.add(.addedTokens, added) }
      return writer.finished(
        flags: flags, counts: [tokenCount, symbols.count, mergeCount], seed: seed)
    }
    throw .badVocabulary(reason: "its tokens cannot be told apart by their hashes")
  }

  /// The section of the added tokens.
  mutating func records(of added: AddedTokens) throws(TextError) -> [UInt8] {
    var bytes: [UInt8] = []
    for id in [added.beginning, added.separator, added.unknown, added.padding, added.mask] {
      bytes.append(littleEndian: id.map { UInt32($0) } ?? AddedTokenList.Stored.none)
    }
    // What ends a word is found by merging, never in a text.
    let tokens = added.tokens.filter { !splitEndOfWord($0.content.span).endsWord }
      .sorted { $0.content.lexicographicallyPrecedes($1.content) }
    let heedsNeighbours = tokens.contains { !$0.marks.isDisjoint(with: .ofNeighbours) }
    bytes.append(littleEndian: UInt32(heedsNeighbours ? 1 : 0))
    for token in tokens {
      guard !token.content.isEmpty, try symbols.symbol(of: token.content.span) == token.id else {
        throw .badVocabulary(
          reason: "the added token \"\(String(decoding: token.content, as: UTF8.self))\" is not "
            + "one of its tokens")
      }
      bytes.append(littleEndian: UInt32(token.id))
      bytes.append(littleEndian: token.marks.rawValue)
    }
    return bytes
  }
}
