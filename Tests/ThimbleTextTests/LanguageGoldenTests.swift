import Testing
import ThimbleJSON
import ThimbleSystem
import ThimbleTestSupport
import ThimbleText

/// Token ids of 200 texts in each of 26 languages, and of every Unicode category, as the Python
/// packages give them. Tools/tokenizer-goldens made languages.tsv and says what is in it.
struct LanguageGoldenTests {
  @Test(
    "ids of 26 languages are Python's", arguments: [SharedTables.smallCased, .smallLower])
  func small(vocabulary: SharedTables) throws { try check(vocabulary) }

  @Test(
    "ids of 26 languages by the real vocabularies are Python's",
    .enabled(if: SharedTables.hasReal, "needs ../shared/tokenizers"),
    arguments: [SharedTables.real17, .realXNLI15])
  func real(vocabulary: SharedTables) throws { try check(vocabulary) }

  /// The columns of a vocabulary are two: `hf`, then `faithful`.
  private func check(_ vocabulary: SharedTables) throws {
    let tables = try vocabulary.tables()
    var tokenizer = Tokenizer(tables: tables)
    var counts: [String: Int] = [:]
    var tokens: [Token] = []
    let lines = try MappedFile(path: fixture("languages.tsv")).bytes.bytes().split(separator: 0x0A)
    for line in lines {
      let fields = line.split(separator: 0x09)
      let language = String(decoding: fields[0], as: UTF8.self)
      let text = try #require(try JSONValue(parsing: Array(fields[9])).string)
      for (column, options) in [
        EncodingOptions(mode: .huggingFace, ends: .none),
        EncodingOptions(mode: .faithful, language: language, ends: .none),
      ].enumerated() {
        try tokenizer.encode(text.utf8.span, options, into: &tokens)
        let wanted = String(decoding: fields[1 + vocabulary.rawValue * 2 + column], as: UTF8.self)
        let found = tokens.map { tables.token($0.id) ?? "?" }
        #expect(
          hashOfIDs(tokens) == UInt32(wanted, radix: 16),
          "\(language), \(options.mode): \(text.debugDescription): \(found)")
        #expect(isCovering(tokens, text.utf8.count), "\(language): \(text.debugDescription)")
      }
      counts[language, default: 0] += 1
    }
    #expect(counts.count >= 26 && counts.values.allSatisfy { $0 >= 200 })
  }
}

/// FNV-1a over the decimal ids, each followed by a space.
func hashOfIDs(_ tokens: [Token]) -> UInt32 {
  var hash: UInt32 = 0x811C_9DC5
  for token in tokens {
    for byte in "\(token.id) ".utf8 { hash = (hash ^ UInt32(byte)) &* 0x0100_0193 }
  }
  return hash
}

/// Whether the ranges follow each other in order and lie in the text.
func isCovering(_ tokens: [Token], _ byteCount: Int) -> Bool {
  var last = 0..<0
  for token in tokens {
    let range = token.range
    guard range.lowerBound >= last.lowerBound, range.upperBound >= last.upperBound,
      !range.isEmpty, range.upperBound <= byteCount
    else { return false }
    last = range
  }
  return true
}
