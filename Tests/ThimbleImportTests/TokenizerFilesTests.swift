import Testing
import ThimbleArchitecture
import ThimbleImport
import ThimbleJSON
import ThimbleSystem
import ThimbleTestSupport
import ThimbleText

struct TokenizerFilesTests {
  private func merges(_ text: String) throws -> [String] {
    let merges = try MergesReader.read(ByteView(Array(text.utf8)))
    return (0..<merges.count).map { rank in
      let (left, right) = merges[rank]
      return String(decoding: left, as: UTF8.self) + "|" + String(decoding: right, as: UTF8.self)
    }
  }

  @Test("a merge is the first two fields of a line, and a last line without an end is lost")
  func mergeLines() throws {
    #expect(try merges("a b 5\nc d</w> 4 x\n  e\tf\ng h 3") == ["a|b", "c|d</w>", "e|f"])
    #expect(try merges("").isEmpty)
    #expect(try merges("a b").isEmpty)
  }

  @Test("lines end as Python's do")
  func lineEnds() throws {
    #expect(try merges("a b\r\nc d\re f\n\r\n") == ["a|b", "c|d", "e|f", "|"])
  }

  @Test("what is no merge keeps its rank")
  func junk() throws {
    #expect(try merges("\na\n\u{A0} \u{A0}</w> 3\nb c\n") == ["|", "|", "</w>|3", "b|c"])
  }

  @Test("any white space of Unicode separates, and nothing else")
  func whiteSpace() throws {
    let spaces =
      " \t\u{B}\u{C}\u{1C}\u{1F}\u{85}\u{A0}\u{1680}\u{2000}\u{200A}\u{2028}\u{2029}\u{202F}"
    for space in (spaces + "\u{205F}\u{3000}").unicodeScalars {
      #expect(try merges("a\(space)b\n") == ["a|b"], "U+\(String(space.value, radix: 16))")
    }
    for other in "\u{1B}\u{200B}\u{2060}\u{180E}\u{FEFF}\u{E000}\u{2190}\u{E2}".unicodeScalars {
      #expect(try merges("a\(other)b\n") == ["|"], "U+\(String(other.value, radix: 16))")
    }
  }

  @Test("of a pair that occurs twice the later rank counts")
  func duplicateMerges() throws {
    #expect(try merges("a b\nab c\na b\na bc\n") == ["|", "ab|c", "a|b", "a|bc"])
  }

  @Test("merges that are not UTF-8 are refused with their line")
  func invalidMerges() {
    #expect(throws: MergesFault.notUTF8(line: 2)) {
      try MergesReader.read(ByteView(Array("a b\nc ".utf8) + [0xFF, 0x0A]))
    }
  }

  private func vocabulary(_ json: String, size: Int = 10) throws -> VocabularyList {
    try VocabularyReader.readJSON(ByteView(Array(json.utf8)), vocabularySize: size)
  }

  @Test("tokens are compared by bytes: equivalent spellings stay apart")
  func equivalentTokens() throws {
    let list = try vocabulary(#"{";": 0, "\u037e": 1, "\u00e9": 2, "e\u0301": 3, "": 4}"#)
    #expect(list.count == 5)
    #expect(Array(list.tokens[1]) == [0xCD, 0xBE])
    #expect(list.tokens[4].isEmpty)
    #expect(list.ids == [0, 1, 2, 3, 4])
  }

  static let refused: [(json: String, fault: VocabularyFault)] = [
    (#"{"a": -1}"#, .id(token: "a", found: -1, vocabularySize: 10)),
    (#"{"a": 10}"#, .id(token: "a", found: 10, vocabularySize: 10)),
    (#"{"a": 1, "b": 1}"#, .duplicateID(1, tokens: ["a", "b"])),
    (#"{"a": 1, "\u0061": 2}"#, .duplicateToken("a")),
    (#"{"a": "1"}"#, .json(.unexpected(expected: "a 64-bit integer", offset: 6))),
    (#"{"\ud800": 1}"#, .json(.loneSurrogate(offset: 2))),
    ("[]", .json(.unexpected(expected: "an object", offset: 0))),
  ]

  @Test("a vocabulary with a lie in it is refused", arguments: refused)
  func refusedVocabulary(json: String, fault: VocabularyFault) {
    #expect(throws: fault) { try vocabulary(json) }
  }

  @Test("a vocabulary text file numbers its words as the original does")
  func vocabularyText() throws {
    let text = "the 9\nun@@ 8\nbroken\nthe 7\na\u{2028}b 6\nc\u{2028} 6\n@@ 5\nlast 4\ncut 3"
    let list = try VocabularyReader.readText(ByteView(Array(text.utf8)), vocabularySize: 18)
    let tokens = (0..<list.count).map { String(decoding: list.tokens[$0], as: UTF8.self) }
    #expect(tokens.prefix(5) == ["<s>", "</s>", "<pad>", "<unk>", "<special0>"])
    #expect(tokens.dropFirst(14) == ["the</w>", "un", "", "last</w>"])
    #expect(list.ids == Array(0..<18))
  }

  @Test("a directory of Hugging Face brings its tokenizer")
  func directory() throws {
    let checkpoint = try ModelCheckpoint.open(fixture("tiny"))
    let tokenizer = try #require(checkpoint.tokenizer)
    #expect(tokenizer.vocabulary.count == 683)
    #expect(tokenizer.merges.count == 352)
    #expect(checkpoint.configuration.languages.map(\.name) == ["en", "fr", "zh"])
  }

  @Test("the words inside an original checkpoint are the same vocabulary")
  func originalWords() throws {
    let hub = try #require(ModelCheckpoint.open(fixture("tiny")).tokenizer).vocabulary
    let path = fixture("tiny/xlm_original.pth")
    let original = try #require(ModelCheckpoint.open(path).tokenizer).vocabulary
    #expect(original.count == hub.count)
    var tokens = [[UInt8]](repeating: [], count: 683)
    for index in 0..<hub.count { tokens[Int(hub.ids[index])] = Array(hub.tokens[index]) }
    for index in 0..<original.count {
      #expect(Array(original.tokens[index]) == tokens[Int(original.ids[index])])
    }
  }

  @Test("without a setting, capital letters in the vocabulary tell that text stays cased")
  func inferredCase() throws {
    #expect(try #require(ModelCheckpoint.open(fixture("tiny")).tokenizer).lowercases == false)
    let options = ImportOptions(lowercases: true)
    let forced = try ModelCheckpoint.open(fixture("tiny"), options: options)
    #expect(forced.tokenizer?.lowercases == true)
  }

  @Test("the class of the tokenizer, else the type of the model, says whose rules split texts")
  func kindOfTokenizer() throws {
    let flaubert = try ZeroCheckpoint(["model_type": "flaubert"])
    #expect(try flaubert.open().tokenizer?.kind == .flaubert)
    try flaubert.write("tokenizer_config.json", ["do_lowercase": true, "model_max_length": 512])
    var opened = try flaubert.open()
    #expect(opened.tokenizer?.kind == .flaubert && opened.tokenizer?.lowercases == true)
    // The vocabulary has capitals, which is told; nothing else is.
    #expect(opened.warnings.count == 1 && opened.warnings[0].contains("\"do_lowercase\" is true"))
    let bytes = try #require(try opened.tokenizerTables())
    let tables = try TokenizerTables(view: ByteView(bytes))
    #expect(tables.kind == .flaubert && tables.lowercases && tables.knownLanguages == ["fr"])

    // FlauBERT's tokenizer says itself that it does not heed the field of XLM's.
    try flaubert.write("tokenizer_config.json", ["do_lowercase_and_remove_accent": true])
    opened = try flaubert.open()
    #expect(opened.tokenizer?.lowercases == false)
    #expect(opened.warnings.count == 1 && opened.warnings[0].contains("is ignored"))

    try flaubert.write("tokenizer_config.json", ["tokenizer_class": "XLMTokenizer"])
    #expect(try flaubert.open().tokenizer?.kind == .xlm)
    let xlm = try ZeroCheckpoint()
    try xlm.write("tokenizer_config.json", ["tokenizer_class": "FlaubertTokenizer"])
    #expect(try xlm.open().tokenizer?.kind == .flaubert)
    #expect(try xlm.open().warnings == [])
  }

  @Test("a vocabulary of FlauBERT without capitals has text lower-cased, with a word about it")
  func lowerCase() throws {
    let checkpoint = try ZeroCheckpoint(["model_type": "flaubert", "vocab_size": 6])
    try checkpoint.write(
      "vocab.json", ["<s>": 0, "</s>": 1, "<pad>": 2, "<unk>": 3, "a</w>": 4, "<special1>": 5])
    _ = try checkpoint.folder.write([], to: "merges.txt")
    let opened = try checkpoint.open()
    #expect(opened.tokenizer?.lowercases == true)
    #expect(opened.warnings.count == 1 && opened.warnings[0].contains("no capitals"))
  }

  // Not part of the project: their licence forbids it.
  static let realTokenizers = fixture("../../../../shared/tokenizers")

  @Test(
    "the real vocabularies are read whole",
    .enabled(if: kind(ofPath: realTokenizers) == .folder, "they lie outside the project"),
    arguments: [("xlm-mlm-17-1280", 200_000, 175_000), ("xlm-mlm-xnli15-1024", 95_000, 80_000)])
  func realFiles(name: String, tokenCount: Int, mergeCount: Int) throws {
    let folder = "\(Self.realTokenizers)/\(name)"
    let file = try MappedFile(path: "\(folder)/vocab.json").bytes
    let vocabulary = try VocabularyReader.readJSON(file, vocabularySize: tokenCount)
    #expect(vocabulary.count == tokenCount)
    let merges = try MergesReader.read(MappedFile(path: "\(folder)/merges.txt").bytes)
    #expect(merges.count == mergeCount)
  }
}
