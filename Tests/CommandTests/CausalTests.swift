import Testing
import ThimbleJSON
import ThimbleSystem
import ThimbleTestSupport

@Suite("thimble score --causal and thimble complete")
struct CausalTests {
  let folder = TemporaryFolder()
  private let languages = InputTests.folder + "languages"

  private func run(
    _ arguments: String..., input: String = "", isa: String? = nil
  ) throws -> ChildProcess {
    try ChildProcess(
      command, arguments, input: input, environment: isa.map { ["THIMBLE_ISA": $0] } ?? [:])
  }

  private func answers(_ result: ChildProcess, exitCode: Int32 = 0) throws -> [JSONValue] {
    #expect(result.exitCode == exitCode, "\(result.errors)")
    return try result.output.split(separator: "\n").map { try JSONValue(parsing: Array($0.utf8)) }
  }

  private func refuses(
    _ result: ChildProcess, exitCode: Int32, _ parts: String...,
    location: SourceLocation = #_sourceLocation
  ) {
    #expect(result.exitCode == exitCode && result.output.isEmpty, sourceLocation: location)
    for part in parts {
      #expect(result.errors.contains(part), "\(result.errors)", sourceLocation: location)
    }
  }

  @Test("a likelihood has its perplexities, in JSON and in the table, and those of all texts")
  func score() throws {
    let texts = ["le chat est ici", "un ami"]
    let json = try answers(
      run("score", languages, "--causal", "--lang", "fr", "--json", texts[0], texts[1]))
    #expect(json.count == 2)
    let table = try run("score", languages, "--causal", "--lang", "fr", texts[0], texts[1])
    var (total, count) = (0.0, 0)
    for (row, (answer, text)) in zip(table.output.split(separator: "\n"), zip(json, texts)) {
      let score = try #require(answer["score"]?.double)
      let tokens = try #require(answer["tokens"]?.array)
      let perplexity = try #require(answer["perplexity"]?.double)
      #expect(perplexity == exponential(-score / Double(tokens.count)))
      (total, count) = (total + score, count + tokens.count)
      let fields = row.split(separator: " ")
      #expect(abs(try #require(Double(fields[0])) - score) < 1e-4)
      #expect(abs(try #require(Double(fields[1])) - perplexity) < 0.01)
      let byWord = try #require(answer["word_perplexity"]?.double)
      #expect(abs(try #require(Double(fields[2])) / byWord - 1) < 1e-3)
      #expect(row.hasSuffix("  \(text)"))
    }
    let sum = exponential(-total / Double(count))
    #expect(table.errors.contains("2 texts, \(count) tokens: perplexity \(Int(sum))."))
    #expect(table.errors.contains("causal: false"))
  }

  @Test(
    "a file that is converted with --causal needs no --causal, and is measured by its checkpoint")
  func converted() throws {
    let path = folder("causal.thimble")
    let conversion = try run("convert", languages, "-o", path, "--causal", "--quality", "high")
    #expect(conversion.exitCode == 0, "\(conversion.errors)")
    let stated = try run("score", path, "--method", "causal", "--lang", "fr", "un ami", "--json")
    #expect(stated.errors.isEmpty, "\(stated.errors)")
    let plain = folder("plain.thimble")
    #expect(try run("convert", languages, "-o", plain, "--quality", "high").exitCode == 0)
    let told = try run("score", plain, "--causal", "--lang", "fr", "un ami", "--json")
    #expect(try answers(stated) == answers(told))
    let masked = try run("score", path, "--lang", "fr", "un ami")
    #expect(masked.exitCode == 0 && masked.errors.contains("--causal"))
    let evaluation = try run(
      "evaluate", path, "--reference", languages, "--text", "-", "--lang", "fr", "--no-split",
      "--json", input: "le chat est ici\nun ami de la maison\n")
    #expect(evaluation.exitCode == 0, "\(evaluation.errors)")
    let report = try JSONValue(parsing: Array(evaluation.output.utf8))
    let cosine = try #require(report["overall"]?["both"]?["sentenceCosine"]?["mean"]?.double)
    #expect(cosine > 0.999)
  }

  @Test("a model that is not causal is refused, with what helps")
  func refusal() throws {
    refuses(
      try run("score", languages, "--method", "causal", "a"), exitCode: 65, "not causal",
      "--causal")
    refuses(try run("complete", languages, "a"), exitCode: 65, "not causal", "--causal")
  }

  @Test("options that exclude each other, or are out of range, are refused")
  func usage() throws {
    refuses(
      try run("score", languages, "--causal", "--method", "original", "a"), exitCode: 64,
      "--method original")
    for (option, value) in [
      ("--length", "0"), ("--temperature", "-1"), ("--temperature", "nan"), ("--top-k", "0"),
      ("--top-p", "0"), ("--top-p", "1.1"), ("--seed", "-1"),
    ] {
      let result = try run("complete", languages, "--causal", "a", "\(option)=\(value)")
      refuses(result, exitCode: 64, option)
    }
    refuses(
      try run("complete", languages, "--causal", "a", "--temperature", "0", "--seed", "1"),
      exitCode: 64, "--seed has no effect")
  }

  @Test("what is printed as it comes is the text of the JSON")
  func printing() throws {
    func complete(_ more: String...) throws -> ChildProcess {
      try ChildProcess(
        command, ["complete", languages, "--causal", "--lang", "fr", "--no-stop"] + more)
    }
    let printed = try complete("le chat")
    let json = try #require(try answers(complete("le chat", "--json")).first)
    #expect(printed.output == "\(try #require(json["text"]?.string))\n")
    #expect(printed.output.hasPrefix("le chat "))
    let tokens = try #require(json["tokens"]?.array)
    #expect(tokens.count == 20 && json["finish_reason"]?.string == "length")
    #expect(json["seed"] == nil)
    #expect(
      json["completion"]?.string == tokens.compactMap { $0["text"]?.string }.joined())
    // The likelihood of what was added is that of the tokens where the whole is scored.
    let prompt = try #require(
      try answers(run("tokenize", languages, "--lang", "fr", "le chat", "--json")).first?["ids"])
    let ids = JSONValue.array(
      try #require(prompt.array).dropLast() + tokens.compactMap { $0["id"] })
    let scored = try #require(
      try answers(
        run("score", languages, "--causal", "--ids", "--lang", "fr", "--json", ids.text())
      )
      .first?["tokens"]?.array)
    let last = scored.suffix(20).compactMap { $0["score"]?.double }
    #expect(last == tokens.compactMap { $0["score"]?.double })
  }

  @Test("the same seed gives the same text on every ISA and thread count; none is chosen and told")
  func seeds() throws {
    let arguments = [
      "complete", SmallModel.path, "--causal", "the house", "--temperature", "2", "--json",
    ]
    func complete(
      _ more: [String], isa: String? = nil
    ) throws -> (answer: JSONValue, errors: String) {
      let result = try ChildProcess(
        command, arguments + more, environment: isa.map { ["THIMBLE_ISA": $0] } ?? [:])
      return (try #require(try answers(result).first), result.errors)
    }
    let first = try complete(["--seed", "5"]).answer
    for kernels in KernelTable.runnable {
      for threads in ["1", "3"] {
        let other = try complete(["--seed", "5", "--threads", threads], isa: kernels.name)
        #expect(other.answer == first, "\(kernels), \(threads) threads")
      }
    }
    #expect(try complete(["--seed", "6"]).answer != first)
    let free = try complete([])
    let seed = try #require(free.answer["seed"]?.int)
    #expect(free.errors.contains("--seed \(seed)"))
    #expect(try complete(["--seed", "\(seed)"]).answer == free.answer)
  }

  @Test("one line in is one line out; what has no room is refused, or loses its beginning")
  func lines() throws {
    let long = [String](repeating: "ami", count: 70).joined(separator: " ")
    let input = "le chat\n\n\(long)\nun\n"
    let arguments = ["complete", languages, "--causal", "--lang", "fr", "--length", "3"]
    let printed = try ChildProcess(command, arguments, input: input)
    let rows = printed.output.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(printed.exitCode == 65 && rows.count == 5)
    #expect(rows[0].hasPrefix("le chat ") && !rows[1].isEmpty && rows[2].isEmpty)
    #expect(printed.errors.contains("line 3") && printed.errors.contains("--truncate"))
    let json = try answers(
      ChildProcess(command, arguments + ["--json"], input: input), exitCode: 65)
    #expect(json.map { $0["error"] != nil } == [false, false, true, false])
    let cut = try answers(
      ChildProcess(command, arguments + ["--json", "--truncate"], input: input))
    #expect(cut.count == 4 && cut[2]["tokens"]?.array?.count == 3)
  }
}
