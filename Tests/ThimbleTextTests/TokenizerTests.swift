import Testing
import ThimbleTestSupport
import ThimbleText

struct TokenizerTests {
  private let tables: TokenizerTables
  private let lowered: TokenizerTables

  init() throws {
    tables = try SharedTables.small()
    lowered = try SharedTables.small(lowercases: true)
  }

  private func spelled(
    _ text: String, _ tables: TokenizerTables? = nil,
    _ options: EncodingOptions = EncodingOptions(mode: .huggingFace, ends: .none)
  ) throws -> [String] {
    let tables = tables ?? self.tables
    var tokenizer = Tokenizer(tables: tables)
    return try tokenizer.encode(text, options).map { tables.token($0.id) ?? "?" }
  }

  @Test("the ends of a sequence are Hugging Face's, the original ones or none")
  func ends() throws {
    var tokenizer = Tokenizer(tables: tables)
    let ids = { (ends: EncodingOptions.Ends, tokenizer: inout Tokenizer) in
      try tokenizer.encode("a", EncodingOptions(ends: ends)).map(\.id)
    }
    #expect(try ids(.huggingFace, &tokenizer) == [0, 20, 1])
    #expect(try ids(.original, &tokenizer) == [1, 20, 1])
    #expect(try ids(.none, &tokenizer) == [20])
  }

  @Test("special tokens split words anywhere, in capitals only where text is lower-cased")
  func specials() throws {
    #expect(try spelled("a<special1>a") == ["a</w>", "<special1>", "a</w>"])
    #expect(try spelled("<s></s><pad>") == ["<s>", "</s>", "<pad>"])
    #expect(try spelled("a<SPECIAL1>a", lowered) == ["a</w>", "<special1>", "a</w>"])
    #expect(try spelled("a<SPECIAL1>a").contains("<special1>") == false)
    #expect(try spelled("<un\u{212A}>", lowered) == ["<unk>"])
    #expect(try spelled("<spec\u{130}al1>", lowered).contains("<special1>") == false)
    #expect(try spelled("<special1").contains("<special1>") == false)
  }

  @Test("other spellings of the mask count only where asked for")
  func maskSpellings() throws {
    let options = EncodingOptions(
      mode: .huggingFace, ends: .none, maskSpellings: ["<mask>", "[MASK]"])
    #expect(
      try spelled("a <mask>a[MASK]", nil, options)
        == ["a</w>", "<special1>", "a</w>", "<special1>"])
    #expect(try spelled("<mask>").contains("<special1>") == false)
  }

  @Test("ranges are those of the original text, through replaced, swapped and dropped signs")
  func ranges() throws {
    var tokenizer = Tokenizer(tables: lowered)
    let text = "the “tests”, É ب\u{64E}a\u{200B}b… 5"
    let pieces = try tokenizer.encode(text, EncodingOptions(ends: .none)).map { token in
      String(decoding: Array(text.utf8)[token.range], as: UTF8.self)
    }
    #expect(pieces.first == "the")
    #expect(pieces.contains("“"))
    #expect(pieces.contains("”,"))
    #expect(pieces.contains("É"))
    #expect(pieces.contains { $0.unicodeScalars.contains("\u{64E}") })
    #expect(pieces.contains("…"))
    #expect(pieces.last == "5")
  }

  @Test("a text that is not UTF-8 is refused with the offset, and the next one is not affected")
  func invalid() throws {
    var tokenizer = Tokenizer(tables: tables)
    let bad: [([UInt8], Int)] = [
      ([0x61, 0xFF], 1), ([0xC3], 0), ([0x61, 0x62, 0xC0, 0x80], 2), ([0xED, 0xA0, 0x80], 0),
      ([0xF4, 0x90, 0x80, 0x80], 0), ([0xE2, 0x82], 0), ([0x80], 0),
    ]
    for (bytes, offset) in bad {
      #expect(throws: TextError.notUTF8(offset: offset)) {
        try tokenizer.encode(bytes.span)
      }
      #expect(try tokenizer.encode("a").map(\.id) == [1, 20, 1])
    }
  }

  @Test("an empty text has its ends only")
  func empty() throws {
    var tokenizer = Tokenizer(tables: tables)
    #expect(try tokenizer.encode("").map(\.id) == [1, 1])
    #expect(try tokenizer.encode(" \t\u{200B}\n").map(\.id) == [1, 1])
  }

  @Test("a maximum length counts the ends and never cuts them", arguments: [0, 2, 3, 4, 9])
  func maximumLength(limit: Int) throws {
    var tokenizer = Tokenizer(tables: tables)
    let tokens = try tokenizer.encode("a a a a", EncodingOptions(maximumLength: limit))
    #expect(tokens.count == max(2, min(6, limit)))
    #expect(tokens.first?.id == 1 && tokens.last?.id == 1)
  }

  @Test("a text is cut from the side that one names, a pair on that side of both")
  func truncationSide() throws {
    var tokenizer = Tokenizer(tables: tables)
    let (long, short) = ("a the of in and", "to the")
    var options = EncodingOptions()
    func ids(_ first: String, _ second: String?, _ limit: Int?) throws -> [Int] {
      options.maximumLength = limit
      guard let second else { return try tokenizer.encode(first, options).map(\.id) }
      var tokens: [Token] = []
      try tokenizer.encode(
        first.utf8.span, pairedWith: second.utf8.span, options, into: &tokens)
      return tokens.map(\.id)
    }
    let whole = try ids(long, nil, nil)
    let pair = try ids(long, short, nil)
    // What lies between the ends.
    let (first, second) = (whole.dropFirst().dropLast(), pair.dropFirst(whole.count).dropLast())
    for kept in 0...first.count {
      options.truncationSide = .right
      #expect(try ids(long, nil, kept + 2) == [1] + first.prefix(kept) + [1])
      options.truncationSide = .left
      #expect(try ids(long, nil, kept + 2) == [1] + first.suffix(kept) + [1])
    }
    for room in 0...first.count + second.count {
      options.truncationSide = .right
      let right = try ids(long, short, room + 3)
      options.truncationSide = .left
      let left = try ids(long, short, room + 3)
      // The separator tells how much of each is left: as much on either side.
      let share = try #require(right.dropFirst().firstIndex(of: 1)) - 1
      let rest = room - share
      let parts = right.split(separator: 1).count + left.split(separator: 1).count
      #expect(parts == (share > 0 ? 2 : 0) + (rest > 0 ? 2 : 0))
      #expect(right.filter { $0 != 1 } == Array(first.prefix(share) + second.prefix(rest)))
      #expect(left.filter { $0 != 1 } == Array(first.suffix(share) + second.suffix(rest)))
      #expect(share == first.count || share >= rest, "the longer one is cut first")
    }
  }

  @Test("a long word takes the same merges as its parts would in Python", arguments: [48, 49, 200])
  func longWord(length: Int) throws {
    // Runs of one letter: the merge "a a" takes them in pairs from the left, "aa aa" again.
    let tables = try VocabularyFiles(
      tokens: ["<s>", "</s>", "<pad>", "<unk>", "a", "a</w>", "aa", "aaaa", "aaa</w>"],
      merges: ["a a", "aa aa", "aa a</w>"]
    ).tables()
    var tokenizer = Tokenizer(tables: tables)
    let ids = try tokenizer.encode(
      String(repeating: "a", count: length), EncodingOptions(ends: .none)
    ).map(\.id)
    #expect(ids.map { tables.token($0) ?? "?" } == pythonMerges(length))
  }

  /// The loop of XLMTokenizer.bpe over a run of the letter a.
  private func pythonMerges(_ length: Int) -> [String] {
    var word = [String](repeating: "a", count: length - 1) + ["a</w>"]
    for (left, right) in [("a", "a"), ("aa", "aa"), ("aa", "a</w>")] {
      var merged: [String] = []
      var index = 0
      while index < word.count {
        let joins = index + 1 < word.count && word[index] == left && word[index + 1] == right
        merged.append(joins ? left + right : word[index])
        index += joins ? 2 : 1
      }
      word = merged
    }
    return word
  }

  @Test("a megabyte of one letter is one word, and takes the memory and time of its length")
  func megabyte() throws {
    var tokenizer = Tokenizer(tables: tables)
    let tokens = try tokenizer.encode(String(repeating: "e", count: 1 << 20))
    #expect(tokens.dropFirst().dropLast().reduce(0) { $0 + $1.range.count } == 1 << 20)
  }
}
