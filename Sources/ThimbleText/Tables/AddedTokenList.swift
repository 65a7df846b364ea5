internal import ThimbleSystem

/// The added tokens of tables, used in place: records in the order of the tokens' bytes.
struct AddedTokenList: Sendable {
  /// nil where the tables say nothing else than the standard.
  let stored: Stored?
  /// The tokens of every XLM vocabulary, where nothing else is stored.
  private let standard: [Record]

  struct Record {
    let id: UInt32
    let marks: AddedToken.Marks
  }

  /// Section 11 of Formats/tokenizer.md.
  struct Stored: Sendable {
    private let words: WordView<UInt64>
    private let heads: WordView<UInt32>

    static let headerSize = 24
    static let none = UInt32.max

    /// - Returns: nil if the section is empty.
    init?(_ section: ByteView) {
      guard !section.isEmpty else { return nil }
      words = WordView(section)
      heads = WordView(section)
    }

    static func canHave(byteCount: Int) -> Bool {
      byteCount == 0 || byteCount >= headerSize && byteCount % 8 == 0
    }

    var count: Int { words.count - 3 }
    /// The ids of the beginning, the separator, what is unknown, padding and the mask.
    var roles: [UInt32] { (0..<5).map { heads[$0] } }
    var heedsNeighbours: Bool { heads[5] & 1 != 0 }
    var header: UInt32 { heads[5] }

    subscript(index: Int) -> Record {
      let word = words[index + 3]
      return Record(
        id: UInt32(truncatingIfNeeded: word), marks: .init(rawValue: UInt32(word >> 32)))
    }
  }

  init(_ tables: TokenizerTables) {
    stored = tables.addedTokens
    standard =
      stored != nil
      ? []
      : SpecialTokens.sortedNames.compactMap { name in
        tables.id(of: name).map { Record(id: UInt32($0), marks: .special) }
      }
  }

  var count: Int { stored?.count ?? standard.count }
  /// Whether some token heeds the text beside it.
  var heedsNeighbours: Bool { stored?.heedsNeighbours ?? false }

  subscript(index: Int) -> Record { stored?[index] ?? standard[index] }

  /// The records of tokens whose byte at `depth` is `byte`, among those of `range`, which agree in
  /// all bytes before.
  func narrowed(
    _ range: Range<Int>, at depth: Int, to byte: UInt8, _ tables: TokenizerTables
  ) -> Range<Int> {
    func first(_ range: Range<Int>, from byte: Int) -> Int {
      var (low, high) = (range.lowerBound, range.upperBound)
      while low < high {
        let middle = (low + high) / 2
        if tables.byte(depth, ofToken: self[middle].id) < byte {
          low = middle + 1
        } else {
          high = middle
        }
      }
      return low
    }
    let low = first(range, from: Int(byte))
    return low..<first(low..<range.upperBound, from: Int(byte) + 1)
  }

  /// The record of the token `id`; nil if it is no added token.
  func record(ofToken id: Int, _ tables: TokenizerTables) -> Record? {
    guard stored != nil else { return standard.first { $0.id == UInt32(id) } }
    guard id >= 0, id < tables.tokenCount, let entry = tables.entry(UInt32(id)) else { return nil }
    var range = 0..<count
    for (depth, place) in entry.text.enumerated() where !range.isEmpty {
      range = narrowed(range, at: depth, to: tables.texts[place], tables)
    }
    guard !range.isEmpty, self[range.lowerBound].id == UInt32(id) else { return nil }
    return self[range.lowerBound]
  }

  /// Which bytes a token can begin with, a bit each.
  ///
  /// - Parameter lowers: whether what becomes such a byte in lower case counts too.
  func beginnings(_ tables: TokenizerTables, lowers: Bool) -> SIMD4<UInt64> {
    var bits = SIMD4<UInt64>()
    func insert(_ byte: Int) { bits[byte >> 6] |= 1 << UInt64(byte & 63) }
    for byte in 0..<256 where !narrowed(0..<count, at: 0, to: UInt8(byte), tables).isEmpty {
      insert(byte)
      guard lowers else { continue }
      let isLetter = (0x61...0x7A).contains(byte)
      if isLetter { insert(byte - 0x20) }
      // Signs of several bytes whose small letter is this one or begins with this byte.
      if isLetter || byte >= 0x80 { for lead in 0xC2...0xF4 { insert(lead) } }
    }
    return bits
  }
}

extension TokenizerTables {
  /// Byte `index` of the text of token `id`; -1 behind its end, or if there is no such token.
  @inline(__always)
  fileprivate func byte(_ index: Int, ofToken id: UInt32) -> Int {
    guard id < UInt32(tokenCount), let entry = entry(id), index < entry.text.count else {
      return -1
    }
    return Int(texts[entry.text.lowerBound + index])
  }

  /// Bytes of the text of token `id`; 0 if there is no such token.
  func byteCount(ofToken id: UInt32) -> Int {
    id < UInt32(tokenCount) ? entry(id)?.text.count ?? 0 : 0
  }
}
