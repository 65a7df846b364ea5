import Testing
import ThimbleJSON
import ThimbleTestSupport

@Suite("thimble tokenize")
struct TokenizeTests {
  private let model = SmallModel.path

  private func tokens(_ line: Substring) throws -> [String] {
    try #require(JSONValue(parsing: Array(line.utf8))["tokens"]?.array).compactMap(\.string)
  }

  @Test("says what bytes each token stands for, from file and checkpoint alike")
  func offsets() throws {
    for path in [model, smallCheckpoint] {
      let result = try thimble("tokenize", path, "--lang", "fr", "--json", "L'été")
      #expect(result.exitCode == 0 && result.errors.isEmpty)
      let line = try JSONValue(parsing: Array(result.output.utf8))
      let offsets = try #require(line["offsets"]?.array).map { $0.array?.compactMap(\.int) ?? [] }
      #expect(offsets.first == [0, 0] && offsets.last == [7, 7])
      #expect(offsets.contains([2, 7]))
      #expect(line["ids"]?.array?.first?.int == 1)
    }
  }

  @Test("follows the mode, the language and what was prepared elsewhere")
  func modes() throws {
    let hf = try thimble("tokenize", model, "--mode", "hf", "--json", "a\tb")
    #expect(try tokens(Substring(hf.output)).first == "<s>")
    let turkish = try thimble("tokenize", model, "--lang", "tr", "--json", "it's")
    #expect(try tokens(Substring(turkish.output)).contains("'</w>"))
    let prepared = try thimble("tokenize", model, "--mode", "pretokenized", "--json", "it 's")
    #expect(try !tokens(Substring(prepared.output)).contains("'</w>"))
    #expect(try thimble("tokenize", model, "--mode", "other", "a").exitCode == 64)
  }

  @Test("makes text of ids, and answers the lines around a bad one")
  func streaming() throws {
    let lines = try thimble("tokenize", model, "--json", input: "the house\na\n")
    let ids = try JSONValue(parsing: Array(lines.output.split(separator: "\n")[0].utf8))["ids"]
    let list = try #require(ids).text()
    let decoded = try thimble(
      "tokenize", model, "--decode", "--skip-special", input: "\(list)\nno list\n\(list)\n")
    #expect(decoded.output == "the house\n\nthe house\n")
    #expect(decoded.exitCode == 65 && decoded.errors.contains("line 2"))
  }

  @Test("answers a line that is not UTF-8 with an error, and the lines around it")
  func invalidLine() throws {
    let folder = TemporaryFolder()
    let input = try folder.write([0x61, 0x0A, 0x62, 0xFF, 0x0A, 0x61, 0x0D, 0x0A], to: "input")
    let result = try ChildProcess(
      "sh", ["-c", "exec \(command) tokenize \(model) --json < \(input)"])
    let lines = result.output.split(separator: "\n")
    #expect(lines.count == 3 && lines[0] == lines[2])
    #expect(lines[1].hasPrefix(#"{"error":"The text is not UTF-8: byte 1"#))
    #expect(result.exitCode == 65 && result.errors.contains("line 2: The text is not UTF-8"))
  }

  @Test("holds less than a megabyte besides the tables, behind a very long word too")
  func memory() throws {
    let text = String(repeating: "It's a house. Das Haus ist groß.\n", count: 50)
    let result = try thimble(
      "tokenize", model, "--measure",
      input: text + String(repeating: "house", count: 100_000) + "\n" + text)
    let line = try #require(result.output.split(separator: "\n").first { $0.hasPrefix("memory") })
    let words = line.split(separator: " ")
    #expect(words[2] == "kB" || words[2] == "B", "\(result.output)")
  }

  @Test("refuses a language that has no rules and that the model does not know, with a list")
  func unknownLanguage() throws {
    let unknown = try thimble("tokenize", model, "--lang", "english", "a")
    #expect(unknown.exitCode == 65 && unknown.output.isEmpty)
    #expect(unknown.errors.contains("\"english\"") && unknown.errors.contains(" fr "))
    for known in ["en", "ko", "ta"] {
      let result = try thimble("tokenize", model, "--lang", known, "a")
      #expect(result.exitCode == 0 && result.errors.isEmpty)
    }
  }

  @Test("warns once of a language without its dictionary, and not with it")
  func dictionary() throws {
    for mode in ["faithful", "hf"] {
      for language in ["zh", "th", "ja"] {
        let bare = try thimble(
          "tokenize", model, "--lang", language, "--mode", mode, input: "北京\n北京\n")
        #expect(bare.exitCode == 0 && bare.errors.split(separator: "\n").count == 1)
      }
    }
    let prepared = try thimble(
      "tokenize", model, "--lang", "ja", "--mode", "pretokenized", input: "北 京\n")
    #expect(prepared.exitCode == 0 && prepared.errors.isEmpty)
    let folder = TemporaryFolder()
    _ = try folder.write(Array("北京 10\n京 1\n".utf8), to: "zh.txt")
    let path = folder("zh.thimble")
    let converted = try thimble(
      "convert", smallCheckpoint, "-o", path, "--zh-dict", folder("zh.txt"))
    #expect(converted.exitCode == 0, "\(converted.errors)")
    let split = try thimble("tokenize", path, "--lang", "zh", "--json", "北京京")
    #expect(split.errors.isEmpty)
    #expect(try tokens(Substring(split.output)).count { $0.hasSuffix("</w>") } == 2)
    #expect(try thimble("verify", path).exitCode == 0)
  }
}
