import Testing
import ThimbleArchitecture
import ThimbleImport
import ThimbleJSON
import ThimbleSystem
import ThimbleTestSupport
import ThimbleText

/// Tokens that were added after training, against what transformers 4.57.6 makes of the same files.
struct AddedTokensTests {
  static let cases: [JSONValue] = (try? json(fixture("added-tokens.json")))?.array ?? []

  private func checkpoint(_ item: JSONValue) throws -> ModelCheckpoint {
    let checkpoint = try ZeroCheckpoint(["vocab_size": item["size"] ?? .null])
    for (name, value) in try #require(item["files"]?.object) { try checkpoint.write(name, value) }
    return try checkpoint.open()
  }

  private func tables(_ checkpoint: ModelCheckpoint) throws -> TokenizerTables {
    let bytes = try #require(try checkpoint.tokenizerTables())
    let tables = try TokenizerTables(view: ByteView(bytes))
    try tables.validate()
    return tables
  }

  @Test("ids and decoded texts are those of Hugging Face", arguments: cases.indices)
  func golden(index: Int) throws {
    let item = Self.cases[index]
    let checkpoint = try checkpoint(item)
    let tables = try tables(checkpoint)
    #expect(checkpoint.configuration.specialIDs.mask == item["mask"]?.int)
    #expect(tables.specialTokens.mask == item["mask"]?.int)
    var tokenizer = Tokenizer(tables: tables)
    let rows = try #require(item["texts"]?.array)
    #expect(rows.count > 60)
    for row in rows {
      let text = try #require(row.array?[0].string)
      let tokens = try tokenizer.encode(text, EncodingOptions(mode: .huggingFace))
      let ids = tokens.map(\.id)
      #expect(ids == row.array?[1].ints, "\(text)")
      #expect(tables.decode(ids, skipSpecial: false) == row.array?[2].string, "\(text)")
      #expect(tables.decode(ids, skipSpecial: true) == row.array?[3].string, "\(text)")
      for token in tokens {
        #expect(
          token.range.upperBound <= text.utf8.count && (token.isAdded || !token.range.isEmpty))
      }
    }
  }

  @Test("faithful splits at the same tokens, and the range of each is its own spelling")
  func faithful() throws {
    let tables = try tables(try checkpoint(try #require(Self.cases.first)))
    var tokenizer = Tokenizer(tables: tables)
    let text = "Hello NEWWORD, covidvaxNEWWORD"
    let tokens = try tokenizer.encode(text, EncodingOptions(language: "en", maskSpellings: ["x"]))
    let added = tokens.filter { $0.id >= 683 }
    #expect(added.map(\.id) == [683, 684, 683])
    #expect(added.map(\.range) == [6..<13, 15..<23, 23..<30])
    let words = try tokenizer.encode(text, EncodingOptions(mode: .pretokenized)).map(\.id)
    #expect(words.filter { $0 >= 683 } == [683, 684, 683])
  }

  @Test("the usual special tokens need no list, so that older programs read the tables")
  func standard() throws {
    let checkpoint = try ZeroCheckpoint()
    let plain = try #require(try checkpoint.open().tokenizerTables())
    try checkpoint.write(
      "special_tokens_map.json",
      ["mask_token": "<special1>", "unk_token": ["content": "<unk>", "lstrip": false]])
    try checkpoint.write("tokenizer_config.json", ["do_lowercase_and_remove_accent": false])
    #expect(try checkpoint.open().tokenizerTables() == plain)
    #expect(plain[4] == 2)
  }

  @Test(
    "tokens that cannot be had are refused",
    arguments: [
      (["[X]": 683], "has the id 683; the model has the ids 0 to 682"),
      (["[X]": 20], "the id 20 belongs to \"a</w>\" and to \"[X]\""),
      (["<s>": 682], "the added token \"<s>\" has the id 682"),
      (["[X]": -1], "\"[X]\" is -1; it must be an id"),
    ] as [(JSONObject, String)])
  func refused(tokens: JSONObject, message: String) throws {
    let checkpoint = try ZeroCheckpoint()
    try checkpoint.write("added_tokens.json", .object(tokens))
    #expect(checkpoint.message().contains(message))
  }

  @Test("what transformers does not read is said not to be used")
  func unread() throws {
    let checkpoint = try ZeroCheckpoint()
    try checkpoint.write(
      "tokenizer_config.json", ["added_tokens_decoder": [:], "mask_token": "<special1>"])
    try checkpoint.write("added_tokens.json", ["[X]": 700])
    try checkpoint.write("special_tokens_map.json", ["mask_token": "[MASK]"])
    let warnings = try checkpoint.open().warnings
    #expect(warnings.contains { $0.contains("[X]") && $0.contains("not used") })
    #expect(warnings.contains { $0.contains("\"mask_token\" is <special1>") })
  }

  @Test("a cased vocabulary keeps capitals, whatever its settings say, but in Hugging Face's mode")
  func cased() throws {
    let checkpoint = try ZeroCheckpoint()
    try checkpoint.write("tokenizer_config.json", ["do_lowercase_and_remove_accent": true])
    let opened = try checkpoint.open()
    #expect(opened.warnings.count == 1)
    let tables = try tables(opened)
    #expect(tables.lowercases && tables.isCased)
    var tokenizer = Tokenizer(tables: tables)
    func ids(_ mode: EncodingOptions.Mode, _ text: String) throws -> [Int] {
      try tokenizer.encode(text, EncodingOptions(mode: mode, ends: .none)).map(\.id)
    }
    #expect(try ids(.huggingFace, "Hello") == ids(.huggingFace, "hello"))
    #expect(try ids(.faithful, "Hello") == [55, 129])
    // Who asks for it gets lower case.
    let forced = try TokenizerTables(
      view: ByteView(
        #require(try checkpoint.open(ImportOptions(lowercases: true)).tokenizerTables())))
    #expect(forced.lowercases && !forced.isCased)
  }

  @Test("no damaged byte of a list of added tokens stops the tokenizer")
  func damaged() throws {
    let item = try #require(Self.cases.first { $0["name"]?.string == "flags" })
    let blob = try #require(try checkpoint(item).tokenizerTables())
    let count = (0..<4).reduce(0) { $0 | Int(blob[28 + $1]) << (8 * $1) }
    let entry = 32 + 12 * (count - 1)
    #expect(blob[entry] == 11)
    let start = (0..<4).reduce(0) { $0 | Int(blob[entry + 4 + $1]) << (8 * $1) }
    #expect(blob.count - start == 24 + 8 * 19)
    for index in start..<blob.count {
      for value in [blob[index] ^ 1, 0xFF, blob[index] ^ 0x40] where value != blob[index] {
        var bytes = blob
        bytes[index] = value
        guard let tables = try? TokenizerTables(view: ByteView(bytes)) else { continue }
        var tokenizer = Tokenizer(tables: tables)
        let ids = try tokenizer.encode("wd [L] <s> w2[LR] [R] x").map(\.id)
        _ = tables.decode(ids, skipSpecial: true)
        #expect(ids.allSatisfy { $0 < tables.tokenCount })
        // Other ids of the meanings, and other meanings of the flags, are sound as well.
        if index >= start + 24 && index % 8 < 4 {
          #expect(throws: TextError.self, "byte \(index)") { try tables.validate() }
        }
      }
    }
  }
}
