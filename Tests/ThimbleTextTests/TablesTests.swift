import Testing
import ThimbleSystem
import ThimbleTestSupport
import ThimbleText

struct TablesTests {
  private func small() throws -> VocabularyFiles { try VocabularyFiles(fixture("")) }

  @Test("every token is found under its spelling, canonically equivalent ones apart")
  func spellings() throws {
    let tables = try VocabularyFiles(
      tokens: [
        "<s>", "</s>", "<pad>", "<unk>", "é</w>", "e\u{301}</w>", "é", ";</w>", "\u{37E}</w>", "",
      ],
      merges: []
    ).tables()
    #expect(tables.id(of: "é</w>") == 4)
    #expect(tables.id(of: "e\u{301}</w>") == 5)
    #expect(tables.id(of: "é") == 6)
    #expect(tables.id(of: ";</w>") == 7)
    #expect(tables.id(of: "\u{37E}</w>") == 8)
    #expect(tables.id(of: "") == 9)
    #expect(tables.id(of: "e</w>") == nil)
    for id in 0..<10 { #expect(tables.token(id).map { tables.id(of: $0) } == id) }
    #expect(tables.token(10) == nil)
    try tables.validate()
  }

  @Test("an id without a token is found under no spelling and reads <unk>")
  func hole() throws {
    struct Sparse: TokenizerSource {
      let tokenCount = 2
      let mergeCount = 0
      func appendToken(_ index: Int, to bytes: inout [UInt8]) -> Int {
        bytes += (index == 0 ? "a</w>" : "b</w>").utf8
        return index == 0 ? 0 : 40
      }
      func appendMerge(_ rank: Int, left: inout [UInt8], right: inout [UInt8]) {}
    }
    let tables = try TokenizerTables(
      view: ByteView(TokenizerTables.build(from: Sparse(), lowercases: false, languages: [])))
    #expect(tables.tokenCount == 41)
    #expect(tables.id(of: "b</w>") == 40)
    #expect(tables.id(of: "") == nil)
    #expect(tables.decode([0, 7, 40], skipSpecial: false) == "a <unk>b")
    try tables.validate()
  }

  @Test("languages and the lower-casing flag come back")
  func flags() throws {
    let tables = try small().tables(lowercases: true, languages: ["en", "zh_yue"])
    #expect(tables.lowercases)
    #expect(tables.languages == ["en", "zh_yue"])
    #expect(try !small().tables().lowercases)
  }

  @Test("the same source gives the same bytes, and they are valid")
  func deterministic() throws {
    let blob = try small().blob()
    #expect(try small().blob() == blob)
    try TokenizerTables(view: ByteView(blob)).validate()
  }

  @Test("a vocabulary with a repeated spelling or id is refused")
  func repeated() {
    #expect(throws: TextError.badVocabulary(reason: "the token \"a\" occurs twice")) {
      try VocabularyFiles(tokens: ["a", "b", "a"], merges: []).blob()
    }
    #expect(throws: TextError.self) {
      try VocabularyFiles(tokens: [String(repeating: "a", count: 256)], merges: []).blob()
    }
  }

  @Test("of equal merges the last one counts, and a junk line keeps its rank")
  func repeatedMerges() throws {
    let tokens = ["<s>", "</s>", "<pad>", "<unk>", "a", "b", "c</w>", "ab", "bc</w>"]
    // "a b" is moved behind "b c</w>" by its repetition, so that the latter wins.
    let tables = try VocabularyFiles(
      tokens: tokens, merges: ["a b", "b c</w>", "a b"]
    ).tables()
    var tokenizer = Tokenizer(tables: tables)
    let ids = try tokenizer.encode("abc", EncodingOptions(ends: .none)).map(\.id)
    #expect(ids.map { tables.token($0) } == ["a", "bc</w>"])
    try tables.validate()
  }

  @Test("a token that several merges make has every one of them")
  func moreMerges() throws {
    let signs = ["a", "b", "c", "d</w>"]
    let tables = try VocabularyFiles(
      tokens: ["<s>", "</s>", "<pad>", "<unk>", "ab", "abc", "bc", "cd</w>"] + signs,
      merges: ["ab c", "b c", "a bc", "c d</w>", "a b"]
    ).tables()
    try tables.validate()
    var tokenizer = Tokenizer(tables: tables)
    let ids = try tokenizer.encode("abcd", EncodingOptions(ends: .none)).map(\.id)
    // "b c" comes first, then "a bc"; a look-up that knew "ab c" only would stop at "a", "bc".
    #expect(ids.map { tables.token($0) } == ["abc", "d</w>"])
  }

  @Test("tables cut short, of another version or kind are refused when opened")
  func refused() throws {
    let blob = try small().blob()
    for length in [0, 3, 4, 31, 32, 60, 103, blob.count - 1] {
      #expect(throws: TextError.self) {
        try TokenizerTables(view: ByteView(Array(blob.prefix(length))))
      }
    }
    var other = blob
    other[4] = 1
    #expect(throws: TextError.unknownVersion(found: 1, supported: 4)) {
      try TokenizerTables(view: ByteView(other))
    }
    other = blob
    other[16] = 255
    other[19] = 255
    #expect(throws: TextError.self) { try TokenizerTables(view: ByteView(other)) }
  }

  @Test("words that were made to share a bucket get another seed, and are all found")
  func collisions() throws {
    // The hash of Formats/tokenizer.md with seed 0, and the bucket of 2,000 symbols.
    func bucket(_ word: String) -> UInt64 {
      let multiplier: UInt64 = 0x9E37_79B9_7F4A_7C15
      var x = word.utf8.reduce(UInt64(0)) { $0 &* multiplier &+ UInt64($1) &+ 1 }
      x = (x ^ x >> 32) &* 0xD6E8_FEB8_6659_FD93
      x = (x ^ x >> 29) &* 0xFF51_AFD7_ED55_8CCD
      return (((x ^ x >> 32) >> 32) * 501) >> 32  // >> binds tighter than *
    }
    var tokens: [String] = []
    var number = 0
    while tokens.count < 2000 {
      let word = "w\(number)"
      if tokens.count >= 100 || bucket(word) == 7 { tokens.append(word) }
      number += 1
    }
    let files = VocabularyFiles(tokens: tokens, merges: [])
    let blob = try files.blob()
    #expect(try ByteView(blob).load(at: 24, as: UInt32.self) != 0)
    #expect(try files.blob() == blob)
    let tables = try TokenizerTables(view: ByteView(blob))
    try tables.validate()
    for (id, token) in tokens.enumerated() { #expect(tables.id(of: token) == id) }
  }
}
