import Testing
import ThimbleJSON
import ThimbleSystem
import ThimbleTestSupport
import ThimbleText

/// Token ids as transformers' FlaubertTokenizer gives them. Tools/flaubert-goldens made the fixtures and says what is in
/// them.
@Suite("Texts of FlauBERT")
struct FlaubertTests {
  private static let files = Result { try VocabularyFiles(fixture("flaubert")) }

  private func tables(lowercases: Bool) throws -> TokenizerTables {
    try Self.files.get().tables(kind: .flaubert, lowercases: lowercases)
  }

  private func lines(_ name: String) throws -> [[ArraySlice<UInt8>]] {
    try bytes(fixture(name)).split(separator: 0x0A).map { $0.split(separator: 0x09) }
  }

  @Test("ids of French texts and of 26 languages are Hugging Face's", arguments: [false, true])
  func ids(lowercases: Bool) throws {
    let tables = try tables(lowercases: lowercases)
    try tables.validate()
    var tokenizer = Tokenizer(tables: tables)
    let french = try lines("flaubert/french.tsv").map { ($0[lowercases ? 1 : 0], $0[2]) }
    let others = zip(try lines("flaubert/languages.tsv"), try lines("languages.tsv"))
      .map { ($0[lowercases ? 1 : 0], $1[9]) }
    #expect(french.count == 2472 && others.count == 5578)
    var tokens: [Token] = []
    for (wanted, json) in french + others {
      let text = try #require(try JSONValue(parsing: Array(json)).string)
      // What language is asked for makes no difference.
      for language in [nil, "zh"] {
        let options = EncodingOptions(mode: .huggingFace, language: language, ends: .none)
        try tokenizer.encode(text.utf8.span, options, into: &tokens)
        let found = tokens.map { tables.token($0.id) ?? "?" }
        #expect(
          hashOfIDs(tokens) == UInt32(String(decoding: wanted, as: UTF8.self), radix: 16),
          "\(text.debugDescription): \(found)")
      }
      #expect(isCovering(tokens, text.utf8.count), "\(text.debugDescription)")
    }
  }

  @Test("a token has the bytes of all the signs that it was made of")
  func ranges() throws {
    var tokenizer = Tokenizer(tables: try tables(lowercases: true))
    // Bytes: `` 0-1, E 2, accent 3-4, t 5, E 6, accent 7-8, two apostrophes 9-10.
    let text = "``E\u{301}tE\u{301}''"
    let tokens = try tokenizer.encode(text, EncodingOptions(mode: .huggingFace, ends: .none))
    let texts = tokens.map { tokenizer.tables.token($0.id) ?? "?" }
    #expect(texts.first == "\"</w>" && texts.last == "\"</w>")
    #expect(tokens.first?.range == 0..<2 && tokens.last?.range == 9..<11)
    #expect(tokens.dropFirst().first?.range.lowerBound == 2)
    #expect(tokens.dropLast().last?.range.upperBound == 9)
    #expect(texts.dropFirst().dropLast().joined() == "été</w>")
  }

  @Test("words split elsewhere are merged as they are")
  func pretokenized() throws {
    var tokenizer = Tokenizer(tables: try tables(lowercases: true))
    let options = EncodingOptions(mode: .pretokenized, ends: .none)
    let ids = try tokenizer.encode("L' Été ``", options).map(\.id)
    let other = try Self.files.get().tables()
    var xlm = Tokenizer(tables: other)
    #expect(try ids == xlm.encode("L' Été ``", options).map(\.id))
  }

  @Test("training knows French only, keeps control characters apart, and begins with </s>")
  func training() throws {
    let tables = try tables(lowercases: false)
    #expect(tables.knownLanguages == ["fr"])
    var tokenizer = Tokenizer(tables: tables)
    let tokens = try tokenizer.encode("l''été\tbleu", EncodingOptions(language: "fr"))
    let texts = tokens.map { tables.token($0.id) ?? "?" }
    #expect(texts.first == "</s>" && texts.last == "</s>")
    #expect(texts.joined().contains("l</w>\"</w>été</w>"), "\(texts)")
    #expect(texts.joined().hasSuffix("bleu</w></s>"))
  }

  @Test("a text that composes at every place takes time in proportion")
  func longText() throws {
    var tokenizer = Tokenizer(tables: try tables(lowercases: true))
    for unit in [
      "e\u{301}", "\u{301}", "\u{323}\u{301}", "Σ\u{301}", "``", "''", "\u{1100}\u{1161}",
    ] {
      let text = String(repeating: unit, count: 20_000)
      let tokens = try tokenizer.encode(text, EncodingOptions(mode: .huggingFace, ends: .none))
      #expect(isCovering(tokens, text.utf8.count), "\(unit.debugDescription)")
    }
  }

  @Test("older readers refuse the tables by their version; tables of XLM keep theirs")
  func version() throws {
    let files = try Self.files.get()
    #expect(try files.blob(kind: .flaubert)[4...5] == [4, 0])
    #expect(try files.blob(lowercases: true)[4...5] == [2, 0])
    // The flag means nothing in tables of an older version.
    var old = try files.blob(kind: .flaubert)
    old[4] = 3
    #expect(throws: TextError.self) { try TokenizerTables(view: ByteView(old)) }
  }
}
