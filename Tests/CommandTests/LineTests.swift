import Testing
import ThimbleJSON
import ThimbleTestSupport

/// Checkpoints whose right answers were computed with Hugging Face's XLMModel.
private let answered = repository("Tests/CommandTests/Fixtures/answered/")

@Suite("One line in, one line out")
struct LineTests {
  let folder = TemporaryFolder()
  let model = SmallModel.path

  /// Runs `thimble` with `input` as the bytes of standard input.
  func run(_ arguments: String, _ input: [UInt8]) throws -> ChildProcess {
    let path = try folder.write(input, to: "input")
    return try ChildProcess("sh", ["-c", "exec \(command) \(arguments) < \(path)"])
  }

  func isError(_ line: Substring) throws -> Bool {
    try JSONValue(parsing: Array(line.utf8))["error"]?.string != nil
  }

  /// Seven lines: an empty one, one too long, one that is not UTF-8, and one that nothing ends.
  static let lines: [UInt8] =
    Array("first <mask>\n\nthird <mask>\r\n".utf8)
    + Array(String(repeating: "word ", count: 700).utf8) + [0x0A, 0xFF, 0xFE, 0x0A]
    + Array("a\u{0}b <mask>\nlast <mask>".utf8)

  @Test(
    "each line has its place in what programs read, an error where there is no answer",
    arguments: [
      ("embed", [3, 4]), ("fill-mask --json", [1, 3, 4]), ("tokenize --json", [4]),
    ])
  func places(command: String, errors: [Int]) throws {
    let name = command.split(separator: " ")
    let options = name.dropFirst().joined(separator: " ")
    let result = try run("\(name[0]) \(model) \(options)", Self.lines)
    let lines = result.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    #expect(lines.count == 7)
    #expect(try lines.indices.filter { try isError(lines[$0]) } == errors)
    #expect(result.exitCode == 65)
    for error in errors { #expect(result.errors.contains("line \(error + 1): ")) }
    let stopped = try run("\(name[0]) \(model) \(options) --on-error stop", Self.lines)
    #expect(stopped.exitCode == 65)
    #expect(stopped.output.split(separator: "\n").count == errors[0] + 1)
  }

  @Test("people see every text too", arguments: ["fill-mask", "tokenize"])
  func people(command: String) throws {
    let result = try run("\(command) \(model)", Self.lines)
    #expect(result.exitCode == 65)
    #expect(result.output.contains("\\xFF\\xFE\n  error: The text is not UTF-8"))
  }

  @Test("a line ends at LF or CRLF, the last one also at the end; a byte order mark is no text")
  func ends() throws {
    let texts: [[UInt8]] = [
      Array("a b\nc".utf8), Array("a b\r\nc\r".utf8), Array("\u{FEFF}a b\nc\n".utf8),
    ]
    let outputs = try texts.map { try run("embed \(model)", $0).output }
    #expect(outputs[0].split(separator: "\n").count == 2)
    #expect(Set(outputs).count == 1)
    #expect(try run("embed \(model)", []).output.isEmpty)
    #expect(try run("embed \(model)", [0x0A]).output.split(separator: "\n").count == 1)
  }

  @Test("a line above the limit gets its error, and the next one its answer")
  func longLine() throws {
    for (command, limit) in [("tokenize \(model) --json", 4 << 20), ("embed \(model)", 1 << 20)] {
      let long = [UInt8](repeating: 0x61, count: limit + 1)
      let result = try run(command, long + Array("\nb\n".utf8))
      let lines = result.output.split(separator: "\n")
      #expect(lines.map { $0.utf8.count < 10_000 } == [true, true] && result.exitCode == 65)
      #expect(try lines.map(isError) == [true, false])
      #expect(result.errors.contains("line 1: The line has more than \(limit) bytes"))
    }
  }

  @Test("texts on the command line are told apart too, and - is standard input")
  func arguments() throws {
    let result = try thimble("fill-mask", model, "--json", "no gap", "a <mask>")
    #expect(result.exitCode == 65 && result.errors.contains("text 1: "))
    let lines = result.output.split(separator: "\n")
    #expect(try lines.count == 2 && isError(lines[0]) && !isError(lines[1]))
    #expect(
      try thimble("embed", model, "-", input: "a\n").output == thimble("embed", model, "a").output)
  }

  @Test("bad lists of ids have their places")
  func ids() throws {
    let result = try thimble(
      "embed", model, "--ids", input: "[1,20,1]\n\n[]\n[1,9999999,1]\n[2,2]\n{}\n[1,20,1]\n")
    let lines = result.output.split(separator: "\n")
    #expect(try lines.map(isError) == [false, true, true, true, true, true, false])
    #expect(result.exitCode == 65 && lines[0] == lines[6])
    #expect(try thimble("tokenize", model, "--decode", "[9999999]").exitCode == 65)
  }

  @Test("JSON that is read as text is said once")
  func json() throws {
    let objects = try thimble("embed", model, input: "{\"text\":\"a\"}\n{\"text\":\"b\"}\n")
    #expect(objects.exitCode == 0)
    #expect(objects.errors.split(separator: "\n").count == 1 && objects.errors.contains("JSON"))
    let ids = try thimble("fill-mask", model, input: "[1,5,1] <mask>\n[1,5,1]\n")
    #expect(ids.errors.contains("line 2 looks like a list of token ids"))
    #expect(ids.errors.contains("--ids"))
  }

  @Test("a tab is white space in embed, and what separates a pair in classify")
  func tab() throws {
    let path = answered + "language-classifier"
    let result = try thimble(
      "embed", answered + "masked", "hello world\thello", "hello world hello", "--cosine")
    #expect(result.output == "1.0000  hello world hello\n")
    let pair = try thimble("classify", path, "--lang", "en", "--json", "a\tb")
    let text = try thimble("classify", path, "--lang", "en", "--json", "a b")
    #expect(pair.exitCode == 0 && pair.output != text.output)
  }

  @Test("whoever closes a pipe, or began without a stream, hears nothing")
  func closed() throws {
    let lines = String(repeating: "a <mask>\n", count: 2000)
    _ = try folder.write(Array(lines.utf8), to: "lines")
    let head = try ChildProcess(
      "bash",
      [
        "-c",
        "\(command) tokenize \(model) --json < \(folder("lines")) | head -n 1 >&2; echo ${PIPESTATUS[0]}",
      ])
    #expect(head.output == "141\n")
    #expect(head.errors.split(separator: "\n").count == 1, "\(head.errors)")
    let mute = try ChildProcess(
      "bash", ["-c", "\(command) fill-mask \(model) --json --on-error continue x 2>&-; echo $?"])
    #expect(mute.output.hasSuffix("65\n") && mute.output.hasPrefix("{\"error\":"))
    let help = try ChildProcess(
      "bash", ["-c", "\(command) --generate-completion-script bash | head -n 1; \(command) -h >&-"])
    #expect(help.errors.isEmpty && help.output.split(separator: "\n").count == 1)
    let deaf = try ChildProcess("bash", ["-c", "\(command) embed \(model) x >&-"])
    #expect(deaf.exitCode == 74)
  }
}
