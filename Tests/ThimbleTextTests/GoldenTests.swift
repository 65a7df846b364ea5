import Testing
import ThimbleJSON
import ThimbleTestSupport
import ThimbleText

/// Token ids as Hugging Face's public tokenizer gives them.
struct GoldenTests {
  @Test("ids of the small vocabulary are Hugging Face's", arguments: [false, true])
  func smallVocabulary(lowercases: Bool) throws {
    let tables = try SharedTables.small(lowercases: lowercases)
    let cases = try json(fixture("goldens.json"))["cases"]?.array ?? []
    let texts = cases.filter { $0["lowercase"]?.bool == lowercases && $0["ids_public"] != nil }
    #expect(texts.count >= 31)
    try check(texts, tables)
  }

  @Test("decoded text of the small vocabulary is Hugging Face's", arguments: [false, true])
  func decoding(lowercases: Bool) throws {
    let tables = try SharedTables.small(lowercases: lowercases)
    var count = 0
    for item in try json(fixture("goldens.json"))["cases"]?.array ?? [] {
      guard let ids = item["ids_public"]?.array?.compactMap(\.int) else { continue }
      #expect(tables.decode(ids, skipSpecial: false) == item["decoded"]?.string)
      #expect(tables.decode(ids, skipSpecial: true) == item["decoded_skip"]?.string)
      count += 1
    }
    #expect(count >= 62)
  }

  @Test(
    "ids of the real vocabularies are Hugging Face's",
    .enabled(if: SharedTables.hasReal, "needs ../shared/tokenizers"),
    arguments: [
      (SharedTables.real17, "xlm-mlm-17-1280-cased"),
      (.realXNLI15, "xlm-mlm-xnli15-1024-lower"),
    ])
  func realVocabulary(vocabulary: SharedTables, name: String) throws {
    let tables = try vocabulary.tables()
    let path = repository("../shared/tokenizers/goldens-\(name).json")
    let cases = try json(path)["cases"]?.array ?? []
    #expect(cases.count >= 25)
    if vocabulary == .realXNLI15 { try tables.validate() }
    try check(cases, tables)
  }

  @Test(
    "tokens with a language are those of Hugging Face's private method", arguments: [false, true])
  func withLanguage(lowercases: Bool) throws {
    let tables = try SharedTables.small(lowercases: lowercases)
    var tokenizer = Tokenizer(tables: tables)
    var count = 0
    for item in try json(fixture("goldens.json"))["cases"]?.array ?? [] {
      guard item["lowercase"]?.bool == lowercases, let language = item["lang"]?.string,
        let text = item["text"]?.string, let wanted = item["tokens_lang"]?.array,
        !["zh", "th", "ja"].contains(language),
        // The private method does not know special tokens.
        !text.contains("<special1>")
      else { continue }
      let options = EncodingOptions(mode: .huggingFace, language: language, ends: .none)
      let ids = try tokenizer.encode(text, options).map(\.id)
      #expect(ids == wanted.map { tables.id(of: $0.string ?? "") ?? 3 }, "\(language): \(text)")
      count += 1
    }
    #expect(count >= 25)
  }

  @Test("a pair cut to a length has Hugging Face's ids and token types", arguments: [false, true])
  func cutPair(lowercases: Bool) throws {
    var tokenizer = Tokenizer(
      tables: try SharedTables.small(lowercases: lowercases))
    let cases = try json(fixture("goldens.json"))["cases"]?.array ?? []
    let item = try #require(
      cases.first { $0["pair"] != nil && $0["lowercase"]?.bool == lowercases })
    let pair = try #require(item["pair"]?.array).compactMap(\.string)
    var tokens: [Token] = []
    try tokenizer.encode(
      pair[0].utf8.span, pairedWith: pair[1].utf8.span,
      EncodingOptions(mode: .huggingFace, maximumLength: item["max_length"]?.int), into: &tokens)
    #expect(tokens.map(\.id) == item["out"]?["input_ids"]?.array?.compactMap(\.int))
    #expect(tokens.map(\.segment) == item["out"]?["token_type_ids"]?.array?.compactMap(\.int))
  }

  private func check(_ cases: [JSONValue], _ tables: TokenizerTables) throws {
    var tokenizer = Tokenizer(tables: tables)
    for item in cases {
      let text = try #require(item["text"]?.string)
      let ids = try tokenizer.encode(text, EncodingOptions(mode: .huggingFace)).map(\.id)
      let wanted = try #require(item["ids_public"]?.array).compactMap(\.int)
      let spelled = ids.map { tables.token($0) ?? "?" }
      #expect(ids == wanted, "\(text): \(spelled)")
    }
  }
}
