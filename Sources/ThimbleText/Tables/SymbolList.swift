/// The texts of symbols while tables are built, and the way from a text to its symbol.
struct SymbolList {
  private(set) var texts: [UInt8] = []
  /// For each symbol the end of its text, and two bits: it ends a word, it is an id without token.
  private var ends: [UInt32] = []
  /// A hash table with linear probing: symbols, or `empty`.
  private var slots = [UInt32](repeating: empty, count: 1024)

  private static let empty = UInt32.max
  private static let endsWordBit: UInt32 = 1 << 31
  private static let absentBit: UInt32 = 1 << 30

  var count: Int { ends.count }

  /// Adds an id without a token: an empty text that no look-up finds.
  mutating func appendAbsent() { ends.append(UInt32(texts.count) | Self.absentBit) }

  /// The symbol with this spelling, made if there is none.
  mutating func symbol(of spelling: Span<UInt8>) throws(TextError) -> Int {
    let (length, endsWord) = splitEndOfWord(spelling)
    guard length <= TextHash.longestText else {
      let start = (0..<40).map { spelling[$0] }
      throw .badVocabulary(
        reason: "the token \"\(String(decoding: start, as: UTF8.self))…\" has \(length) bytes; "
          + "the limit is \(TextHash.longestText)")
    }
    var position = position(of: spelling.extracting(first: length), endsWord)
    while slots[position] != Self.empty {
      let found = Int(slots[position])
      if self.endsWord(found) == endsWord, isEqual(text(found), spelling, length) { return found }
      position = position + 1 == slots.count ? 0 : position + 1
    }
    guard ends.count + 1 < TablesLayout.countLimit, texts.count + length < Self.absentBit else {
      throw .badVocabulary(reason: "its tokens and merges have too many different texts")
    }
    for index in 0..<length { texts.append(spelling[index]) }
    slots[position] = UInt32(ends.count)
    ends.append(UInt32(texts.count) | (endsWord ? Self.endsWordBit : 0))
    if ends.count * 2 > slots.count { grow() }
    return ends.count - 1
  }

  /// The hash of every symbol, nil where an id has no token.
  func hashes(_ hash: TextHash) -> [UInt64?] {
    ends.indices.map { symbol in
      if ends[symbol] & Self.absentBit != 0 { return nil }
      return hash.of(texts.span.extracting(text(symbol)), endsWord: endsWord(symbol))
    }
  }

  /// The symbol blocks of Formats/tokenizer.md, without the flags of whole words.
  func blocks() -> [UInt8] {
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

  /// Where the search for a text begins: by a hash that nobody can predict, so that no vocabulary can be made to collide.
  private func position(of text: Span<UInt8>, _ endsWord: Bool) -> Int {
    var hasher = Hasher()
    var word: UInt64 = 0
    for index in text.indices {
      word = word << 8 | UInt64(text[index])
      if index % 8 == 7 { hasher.combine(word) }
    }
    hasher.combine(word)
    hasher.combine(text.count)
    hasher.combine(endsWord)
    return hasher.finalize() & (slots.count - 1)
  }

  private mutating func grow() {
    slots = [UInt32](repeating: Self.empty, count: slots.count * 2)
    for symbol in ends.indices where ends[symbol] & Self.absentBit == 0 {
      var position = position(of: texts.span.extracting(text(symbol)), endsWord(symbol))
      while slots[position] != Self.empty {
        position = position + 1 == slots.count ? 0 : position + 1
      }
      slots[position] = UInt32(symbol)
    }
  }
}
