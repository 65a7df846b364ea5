internal import ThimbleSystem

extension TokenizerTables {
  /// Makes tokenizer tables of a vocabulary and its merges.
  ///
  /// - Parameters:
  ///   - lowercases: Whether the vocabulary wants text in lower case and without accents.
  ///   - languages: The codes of the model's languages in the order of their ids.
  /// - Returns: The bytes of Formats/tokenizer.md, the same for the same source.
  /// - Throws: `TextError.badVocabulary` if two tokens share an id or a spelling, an id is not in
  ///   `0..<2,000,000`, or a token is longer than 255 bytes.
  public static func build(
    from source: some TokenizerSource, lowercases: Bool, languages: [String]
  ) throws(TextError) -> [UInt8] {
    var builder = TablesBuilder()
    try builder.addTokens(of: source)
    try builder.addMerges(of: source)
    let bytes = builder.encoded(lowercases: lowercases, languages: languages)
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
    var pairing = PairMerger()
    for symbol in 0..<UInt32(tables.tokenCount) {
      guard let entry = tables.entry(symbol), tables.isWhole(symbol, entry, &pairing) else {
        continue
      }
      bytes[blocks + Int(symbol >> 4) * 24 + 6 + Int(symbol & 15) / 8] |= 1 << UInt8(symbol & 7)
    }
    return bytes
  }
}

/// The growing tables: texts of symbols, an index over them, records of merges.
private struct TablesBuilder {
  private var texts: [UInt8] = []
  /// For each symbol the end of its text, and two bits: it ends a word, it is an id without token.
  private var ends: [UInt32] = []
  private var slots = [UInt32](repeating: SlotTable.empty, count: 1024)
  private var merges: [UInt64] = []
  private var tokenCount = 0

  private static let endsWordBit: UInt32 = 1 << 31
  private static let absentBit: UInt32 = 1 << 30
  private static let tokenLimit = 2_000_000

  mutating func addTokens(of source: some TokenizerSource) throws(TextError) {
    let order = try idOrder(of: source)
    var bytes: [UInt8] = []
    for (id, index) in order.enumerated() {
      bytes.removeAll(keepingCapacity: true)
      if index < 0 {
        // An id without a token: an empty text that no look-up finds.
        ends.append(UInt32(texts.count) | Self.absentBit)
      } else {
        _ = source.appendToken(Int(index), to: &bytes)
        guard try symbol(of: bytes.span) == id else {
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
    var left: [UInt8] = []
    var right: [UInt8] = []
    for rank in 0..<source.mergeCount {
      left.removeAll(keepingCapacity: true)
      right.removeAll(keepingCapacity: true)
      source.appendMerge(rank, left: &left, right: &right)
      if left.isEmpty || right.isEmpty {
        merges.append(.max)
        continue
      }
      let pair = UInt64(try symbol(of: left.span)) | UInt64(try symbol(of: right.span)) << 21
      left += right
      merges.append(pair | UInt64(try symbol(of: left.span)) << 42)
    }
  }

  /// The symbol with this spelling, made if there is none.
  private mutating func symbol(of spelling: Span<UInt8>) throws(TextError) -> Int {
    let (length, endsWord) = splitEndOfWord(spelling)
    guard length <= 255 else {
      let start = (0..<40).map { spelling[$0] }
      throw .badVocabulary(
        reason: "the token \"\(String(decoding: start, as: UTF8.self))…\" has \(length) bytes; "
          + "the limit is 255")
    }
    var textHash = TextHash()
    for index in 0..<length { textHash.add(spelling[index]) }
    let hash = textHash.finished(endsWord: endsWord)
    var position = SlotTable.home(hash, slotCount: slots.count)
    while slots[position] != SlotTable.empty {
      let found = Int(slots[position] & SlotTable.noIndex)
      if slots[position] >> 21 == SlotTable.fingerprint(hash), self.endsWord(found) == endsWord,
        isEqual(text(found), spelling, length)
      {
        return found
      }
      position = position + 1 == slots.count ? 0 : position + 1
    }
    guard ends.count < SlotTable.noIndex, texts.count + length < Self.absentBit else {
      throw .badVocabulary(reason: "its tokens and merges have too many different texts")
    }
    for index in 0..<length { texts.append(spelling[index]) }
    ends.append(UInt32(texts.count) | (endsWord ? Self.endsWordBit : 0))
    _ = SlotTable.insert(UInt32(ends.count - 1), hash, into: &slots)
    if ends.count * 4 > slots.count * 3 { grow() }
    return ends.count - 1
  }

  private func text(_ symbol: Int) -> Range<Int> {
    let mask = Self.absentBit - 1
    return Int(symbol == 0 ? 0 : ends[symbol - 1] & mask)..<Int(ends[symbol] & mask)
  }

  private func endsWord(_ symbol: Int) -> Bool { ends[symbol] & Self.endsWordBit != 0 }

  private func isEqual(_ range: Range<Int>, _ spelling: Span<UInt8>, _ length: Int) -> Bool {
    guard range.count == length else { return false }
    for index in 0..<length where texts[range.lowerBound + index] != spelling[index] {
      return false
    }
    return true
  }

  private func hash(_ symbol: UInt32) -> UInt64? {
    if ends[Int(symbol)] & Self.absentBit != 0 { return nil }
    var hash = TextHash()
    for index in text(Int(symbol)) { hash.add(texts[index]) }
    return hash.finished(endsWord: endsWord(Int(symbol)))
  }

  private mutating func grow() {
    slots = SlotTable.build(count: ends.count * 2, hash: { $0 < ends.count ? hash($0) : nil }).slots
  }

  /// The bytes of the finished tables, without the flags of whole words.
  func encoded(lowercases: Bool, languages: [String]) -> [UInt8] {
    let symbolIndex = SlotTable.build(count: ends.count, hash: hash)
    let mergeIndex = SlotTable.build(count: merges.count, hash: mergeHash)
    var writer = TablesWriter()
    writer.add(.texts, texts)
    writer.add(.symbolBlocks, symbolBlocks())
    writer.add(.symbolSlots, words: symbolIndex.slots)
    writer.add(.merges, words: merges)
    writer.add(.mergeSlots, words: mergeIndex.slots)
    writer.add(.languages, Array(languages.joined(separator: "\n").utf8))
    return writer.finished(
      flags: lowercases ? TablesLayout.lowercasesFlag : 0,
      counts: [tokenCount, ends.count, merges.count],
      longestProbes: [symbolIndex.longestProbe, mergeIndex.longestProbe])
  }

  private func mergeHash(_ rank: UInt32) -> UInt64? {
    let record = merges[Int(rank)]
    guard record != .max else { return nil }
    let none = UInt64(SlotTable.noIndex)
    return pairHash(UInt32(record & none), UInt32(record >> 21 & none))
  }

  private func symbolBlocks() -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity((ends.count + 15) / 16 * 24)
    for first in stride(from: 0, to: ends.count, by: 16) {
      let block = first..<min(first + 16, ends.count)
      var flags: UInt32 = 0
      var lengths = [UInt8](repeating: 0, count: 16)
      for symbol in block {
        lengths[symbol - first] = UInt8(text(symbol).count)
        if endsWord(symbol) { flags |= 1 << UInt32(symbol - first) }
        if ends[symbol] & Self.absentBit != 0 { flags |= 1 << UInt32(16 + symbol - first) }
      }
      bytes.append(littleEndian: UInt32(text(first).lowerBound))
      bytes.append(littleEndian: flags)
      bytes += lengths
    }
    return bytes
  }
}
