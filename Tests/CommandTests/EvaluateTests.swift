import Testing
import ThimbleJSON
import ThimbleSystem
import ThimbleTestSupport

@Suite("What evaluate, sweep, bench and plan are asked, they do or refuse")
struct EvaluateTests {
  let folder = TemporaryFolder()
  private let text = repository("Tests/ThimbleEvaluationTests/Fixtures/text/de.txt")

  private func evaluate(_ arguments: String..., input: String = "") throws -> ChildProcess {
    try ChildProcess(
      command, ["evaluate", SmallModel.path, "--reference", smallCheckpoint] + arguments,
      input: input)
  }

  private func expect(
    _ result: ChildProcess, exitCode: Int32, _ parts: String...,
    location: SourceLocation = #_sourceLocation
  ) {
    #expect(result.exitCode == exitCode, "\(result.errors)", sourceLocation: location)
    for part in parts {
      #expect(result.errors.contains(part), "\(result.errors)", sourceLocation: location)
    }
  }

  @Test(
    "a file named after a language is split as --lang splits it; under another name there is a warning"
  )
  func languages() throws {
    let line = "„Gut“, sagte sie – und ging’s an."
    func perplexity(_ result: ChildProcess) throws -> Double {
      expect(result, exitCode: 0)
      let json = try JSONValue(parsing: Array(result.output.utf8))
      return try #require(json["overall"]?["both"]?["perplexity"]?["reference"]?.double)
    }
    func ids(_ arguments: String...) throws -> String {
      let result = try ChildProcess(
        command, ["tokenize", SmallModel.path, "--json", line] + arguments)
      expect(result, exitCode: 0)
      return try #require(try JSONValue(parsing: Array(result.output.utf8))["ids"]).text()
    }
    let german = try ids("--lang", "de")
    let path = try folder.write(Array(line.utf8), to: "de.txt")
    let named = try perplexity(evaluate("--text", path, "--all-positions", "--no-split", "--json"))
    let given = try perplexity(
      evaluate(
        "--text", "-", "--ids", "--lang", "de", "--all-positions", "--no-split", "--json",
        input: german))
    #expect(named == given)
    let other = try folder.write(Array(line.utf8), to: "notes.txt")
    let result = try evaluate("--text", other, "--all-positions", "--no-split", "--json")
    expect(result, exitCode: 0, "\"notes\" is not a language of this model")
    let spoken = try perplexity(
      evaluate("--text", other, "--lang", "de", "--all-positions", "--no-split", "--json"))
    #expect(spoken == named)
  }

  @Test(
    "options that would change nothing are refused",
    arguments: [
      (["--text", "x", "--compat", "hf"], "--compat needs --task"),
      (["--text", "x", "--pooling", "first"], "--pooling needs --task"),
      (["--text", "x", "--seed", "2", "--all-positions"], "exclude each other"),
      (["--task", "sts", "--data", "x", "--mask-fraction", "0.2"], "--mask-fraction needs --text"),
      (["--task", "sts", "--data", "x", "--labels", "original"], "--labels needs --task xnli"),
      (["--task", "xnli", "--data", "x", "--pooling", "mean"], "--pooling needs --task sts"),
      (["--task", "xnli", "--data", "x", "--ids"], "--ids needs"),
      (["--task", "xnli", "--data", "x", "--no-split"], "--no-split needs"),
    ])
  func unused(arguments: [String], message: String) throws {
    expect(
      try ChildProcess(command, ["evaluate", "a", "--reference", "b"] + arguments), exitCode: 64,
      message)
  }

  @Test("sizes and lengths that a model does not have are refused, not left out")
  func impossible() throws {
    expect(
      try thimble("bench", SmallModel.path, "--tokens", "16,600"), exitCode: 64, "--tokens 600",
      "at most 512 tokens")
    expect(try thimble("bench", SmallModel.path, "--threads", "0"), exitCode: 64, "--threads 0")
    expect(
      try thimble("bench", SmallModel.path, "--passes", "2", "--seconds", "1"), exitCode: 64,
      "exclude each other")
    expect(try thimble("plan", SmallModel.path, "--tokens", "0"), exitCode: 64, "--tokens 0")
    expect(
      try thimble("sweep", smallCheckpoint, "--text", text, "--bits", "4,9"), exitCode: 64,
      "--bits 9.00", "this model can have from")
    expect(
      try thimble("sweep", smallCheckpoint, "--text", text, "--bits", "4,,5"), exitCode: 64,
      "--bits 4,,5")
  }

  @Test("an interrupted evaluation ends with 143 and leaves a whole page or none")
  func interrupted() throws {
    // Its warning comes when signals are watched, and before the first sentence.
    let lines = String(repeating: "Das ist ein Satz, der oft gesagt wird.\n", count: 5000)
    let path = try folder.write(Array(lines.utf8), to: "notes.txt")
    let process = try RunningProcess(
      command,
      [
        "evaluate", SmallModel.path, "--reference", smallCheckpoint, "--text", path, "--html",
        folder("page.html"),
      ])
    _ = try #require(process.line(with: "is not a language"))
    process.send(.terminate)
    #expect(process.exitCode() == 143)
    #expect(Set(folder.names).isSubset(of: ["notes.txt", "page.html"]))
    if folder.names.contains("page.html") {
      let page = String(decoding: try bytes(folder("page.html")), as: UTF8.self)
      #expect(page.contains("Interrupted") && page.hasSuffix("</html>\n"))
    }
  }

  @Test("tables fit the terminal, and are whole where there is none")
  func tables() throws {
    let whole = try thimble("inspect", SmallModel.path, "--tensors")
    #expect(whole.output.split(separator: "\n").contains { $0.count > 70 })
    let line = "'\(command)' inspect '\(SmallModel.path)' --tensors"
    let result = try ChildProcess(
      "script", ["-qec", "stty cols 60; \(line)", "/dev/null"], environment: ["COLUMNS": ""])
    #expect(result.exitCode == 0, "\(result.errors)")
    let table = result.output.split { $0.isNewline }.drop {
      !$0.contains("bits/weight") || !$0.contains("tensor ")
    }
    #expect(table.count > 20)
    #expect(table.allSatisfy { $0.count <= 60 }, "\(table.map(\.count))")
    #expect(table.contains { $0.contains("…") })
  }

  @Test("a misspelt command is told the one that was meant")
  func misspelt() throws {
    expect(try thimble("fil-mask", "x"), exitCode: 64, "\"fill-mask\"")
    expect(try thimble("frobnicate"), exitCode: 64, "The commands are: convert")
  }

  @Test("the manual page and the completions are made of what the program tells")
  func manual() throws {
    let page = try ChildProcess(repository("Tools/man-page"), [command])
    expect(page, exitCode: 0)
    #expect(page.output.contains(".SH FILL\\-MASK") && page.output.contains("\\-\\-lang"))
    for (shell, part) in [
      ("bash", "fill-mask"), ("zsh", "#compdef thimble"), ("fish", "fill-mask"),
    ] {
      let script = try thimble("--generate-completion-script", shell)
      expect(script, exitCode: 0)
      #expect(script.output.contains(part))
    }
  }
}
