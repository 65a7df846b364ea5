import Testing
import ThimbleSystem
import ThimbleTestSupport
import ThimbleText

/// Tables that somebody damaged, or made to do harm.
struct DamageTests {
  private let blob: [UInt8]

  init() throws {
    blob = try TokenizerTables.build(
      from: VocabularyFiles(fixture("")), lowercases: false, languages: ["en", "zh", "th"],
      dictionaries: SmallDictionaries.parsed())
    try TokenizerTables(view: ByteView(blob)).validate()
  }

  /// Where a section lies: an entry of 12 bytes for each follows a header of 32.
  private func section(_ kind: Int) -> Range<Int> {
    func integer(_ offset: Int) -> Int {
      (0..<4).reduce(0) { $0 | Int(blob[offset + $1]) << (8 * $1) }
    }
    let entry = (0..<integer(28)).map { 32 + 12 * $0 }.first { integer($0) == kind } ?? 0
    return integer(entry + 4)..<integer(entry + 4) + integer(entry + 8)
  }

  private func encode(_ tables: TokenizerTables) throws -> Int {
    var tokenizer = Tokenizer(tables: tables)
    var count = 0
    for (text, language) in [
      ("Hello, the world's best tests… 5\u{A0}000 é 你好 <special1> ааа DOTMULTI", "en"),
      ("我是北京大学生，去李明。Wi-Fi", "zh"), ("สวัสดีชาวโลกตากลม 1,234.5 ฮฺบร", "th"),
    ] {
      let ids = try tokenizer.encode(text, EncodingOptions(language: language)).map(\.id)
      _ = tables.decode(ids, skipSpecial: true)
      count += ids.count
    }
    return count
  }

  @Test("tables cut short at any byte are refused when opened")
  func cutShort() throws {
    let view = try ByteView(blob)
    for length in 0..<blob.count {
      #expect(throws: TextError.self, "\(length) bytes") {
        try TokenizerTables(view: view[0..<length])
      }
    }
  }

  @Test("a damaged byte is found by validate or harmless, and never stops the tokenizer")
  func damagedByte() throws {
    let seed: UInt64 = 0x7461_626C_6573
    var random = SeededRandom(seed: seed)
    for round in 0..<600 {
      var damaged = blob
      // Half of them in the dictionaries, which are a small part of the tables.
      let range = round % 2 == 0 ? 0..<blob.count : section(8 + round / 2 % 3)
      let index = Int.random(in: range, using: &random)
      damaged[index] ^= UInt8.random(in: 1...255, using: &random)
      guard let tables = try? TokenizerTables(view: ByteView(damaged)) else { continue }
      #expect(try encode(tables) < 400, "seed \(seed), round \(round), byte \(index)")
      try? tables.validate()
    }
  }

  @Test("validate finds a damaged text, slot, merge, flag and dictionary", arguments: 1...10)
  func damagedSection(kind: Int) throws {
    // Damaged further merges are found by what refers to them: the small vocabulary has none.
    let range = section(kind)
    guard !range.isEmpty else { return #expect(kind == 7) }
    var damaged = blob
    for index in range { damaged[index] ^= 0x91 }
    let tables = try TokenizerTables(view: ByteView(damaged))
    #expect(throws: TextError.self) { try tables.validate() }
  }

  /// A 64-bit word of a section, and what it must not be.
  @Test(
    "validate finds every broken rule of the dictionaries",
    arguments: [
      // The sum of frequencies, too small and too large.
      (8, 0, 1), (8, 0, 1 << 60),
      // The root with a scalar, its first node elsewhere, a scalar out of order, the last word.
      (8, 1, 2 << 41 | 5), (8, 1, 3 << 41), (8, 2, 0x1F_FFFF), (8, -1, 1),
      (10, 0, 0), (10, 1, 1 << 41),
      // Numbers that are no logarithms, and characters out of order or none.
      (9, 0, Int(bitPattern: UInt(Double.nan.bitPattern))), (9, 3, Int(1.5.bitPattern)),
      (9, 21, Int(bitPattern: UInt((-Double.infinity).bitPattern))), (9, 20, 0x9999), (9, 20, -1),
    ])
  func brokenRule(kind: Int, word: Int, value: Int) throws {
    var damaged = blob
    let range = section(kind)
    let offset = word < 0 ? range.upperBound + 8 * word : range.lowerBound + 8 * word
    for byte in 0..<8 { damaged[offset + byte] = UInt8(truncatingIfNeeded: value >> (8 * byte)) }
    let tables = try TokenizerTables(view: ByteView(damaged))
    #expect(throws: TextError.self) { try tables.validate() }
    _ = try encode(tables)
  }

  @Test("a dictionary that leads in circles takes time in proportion to the text")
  func circles() throws {
    for (kind, language, text) in [(8, "zh", "北"), (10, "th", "ก")] {
      var circling = blob
      let range = section(kind)
      let scalar = try #require(text.unicodeScalars.first).value
      // Every node is a word of this scalar, and leads to all nodes.
      for (node, offset) in stride(from: range.lowerBound + 8, to: range.upperBound, by: 8)
        .enumerated()
      {
        let first: UInt64 = node % 2 == 0 ? 2 : UInt64(range.count / 8 - 1)
        let word = UInt64(scalar) | 1 << 21 | first << 41
        for byte in 0..<8 {
          circling[offset + byte] = UInt8(truncatingIfNeeded: word >> (8 * byte))
        }
      }
      let tables = try TokenizerTables(view: ByteView(circling))
      #expect(throws: TextError.self) { try tables.validate() }
      var tokenizer = Tokenizer(tables: tables)
      let tokens = try tokenizer.encode(
        String(repeating: text, count: 20_000), EncodingOptions(language: language))
      #expect(tokens.last?.range == 60_000..<60_000)
    }
  }

  @Test("a header with bits that mean nothing and a section that occurs twice are refused")
  func header() throws {
    for (offset, value) in [(6, 1), (8, 2), (11, 1), (28, 33), (32, 2)] {
      var damaged = blob
      damaged[offset] = UInt8(value)
      #expect(throws: TextError.self, "byte \(offset)") {
        try TokenizerTables(view: ByteView(damaged))
      }
    }
  }
}
