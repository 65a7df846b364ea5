import Testing
import ThimbleJSON
import ThimbleTestSupport

/// The checkpoint of the head `name`.
private func checkpoint(_ name: String) -> String {
  repository("Tests/ThimbleCheckpointTests/Fixtures/tiny/\(name).safetensors")
}

@Suite("thimble tag, answer, choose and rerank")
struct HeadCommandTests {
  let folder = TemporaryFolder()
  let tagger = checkpoint("XLMForTokenClassification")
  let answerer = checkpoint("XLMForQuestionAnsweringSimple")
  let beams = checkpoint("XLMForQuestionAnswering")
  let chooser = checkpoint("XLMForMultipleChoice")
  let ranker = checkpoint("XLMForSequenceClassification")

  private func answers(
    _ result: ChildProcess, exitCode: Int32 = 0
  ) throws -> [JSONValue] {
    #expect(result.exitCode == exitCode, "\(result.errors)")
    return try result.output.split(separator: "\n").map { try JSONValue(parsing: Array($0.utf8)) }
  }

  /// The part of `text` between `start` and `end`, Unicode scalars, and between their bytes.
  private func parts(_ entity: JSONValue, of text: String) throws -> (String, String) {
    func place(_ name: String) throws -> Int { try #require(entity[name]?.int) }
    var scalars = ""
    scalars.unicodeScalars.append(
      contentsOf: Array(text.unicodeScalars)[try place("start")..<place("end")])
    let bytes = Array(text.utf8)[try place("start_byte")..<place("end_byte")]
    return (scalars, String(decoding: bytes, as: UTF8.self))
  }

  @Test("places of entities and answers are those of their text, in scalars and in bytes")
  func places() throws {
    let text = "Größte Häuser, 𝒜 the house."
    for aggregation in ["none", "simple", "first", "average", "max"] {
      let result = try thimble(
        "tag", tagger, "--lang", "en", "--all", "--json", "--aggregation", aggregation, text)
      let entities = try #require(try answers(result).first?.array)
      #expect(!entities.isEmpty)
      for entity in entities {
        let (scalars, bytes) = try parts(entity, of: text)
        #expect(entity["word"]?.string == scalars && scalars == bytes)
        #expect((entity["index"] != nil) == (aggregation == "none"))
      }
    }
    for model in [answerer, beams] {
      let result = try thimble(
        "answer", model, "--lang", "en", "--json", "--top", "4", "--question", "the house",
        "--context",
        text)
      let found = try #require(try answers(result).first?["answers"]?.array)
      #expect(found.count == 4)
      for answer in found {
        let (scalars, bytes) = try parts(answer, of: text)
        #expect(answer["answer"]?.string == scalars && scalars == bytes)
      }
    }
  }

  @Test("a file gives the same answers in little memory, and as many as its checkpoint")
  func files() throws {
    let cases = [
      (tagger, ["tag", "the house of the model", "--all"]),
      (answerer, ["answer", "--question", "the house", "--context", "the model of the house"]),
      (beams, ["answer", "--question", "the house", "--context", "the model of the house"]),
      (chooser, ["choose", "the house", "is big", "the model"]),
      (ranker, ["rerank", "the house", "is big", "the model", "--label", "LABEL_1"]),
    ]
    for (number, (name, arguments)) in cases.enumerated() {
      let path = folder("\(number).thimble")
      #expect(try thimble("convert", name, "-o", path).exitCode == 0)
      let rest = Array(arguments.dropFirst()) + ["--lang", "en"]
      let file = try ChildProcess(command, [arguments[0], path] + rest)
      let little = try ChildProcess(command, [arguments[0], path] + rest + ["--memory", "16M"])
      #expect(little.output == file.output, "\(little.errors)")
      let place = try ChildProcess(command, [arguments[0], name] + rest)
      #expect(file.exitCode == 0 && place.exitCode == 0, "\(file.errors)\(place.errors)")
      #expect(file.output.split(separator: "\n").count == place.output.split(separator: "\n").count)
    }
  }

  @Test("one line in is one line out, in JSON")
  func lines() throws {
    let tags = try answers(
      thimble("tag", tagger, "--lang", "en", "--json", input: "the house\n\n\u{FF}x\n"))
    #expect(tags.count == 3 && tags[1] == [])
    let pairs = try answers(
      thimble(
        "answer", answerer, "--lang", "en", "--json",
        input: "where\tthe house is big\nno tab\n\tthe house\n"), exitCode: 65)
    #expect(pairs.count == 3 && pairs[0]["answers"] != nil)
    #expect(pairs[1]["error"]?.string?.contains("tab") == true && pairs[2]["error"] != nil)
    let questions = try answers(
      thimble(
        "answer", answerer, "--lang", "en", "--json", "--context", "the house is big",
        input: "where\nthe house\n"))
    #expect(questions.count == 2 && questions.allSatisfy { $0["no_answer"] != nil })
    let choices = try answers(
      thimble(
        "choose", chooser, "--lang", "en", "--json", input: "the\ta\tb\nthe\ta\nthe\ta\tb\tc\n"),
      exitCode: 65)
    #expect(choices.map { $0["scores"]?.array?.count } == [2, nil, 3])
    #expect(choices[1]["error"]?.string?.contains("at least two") == true)
  }

  @Test("ranks all texts, best first, those that cannot be scored last")
  func ranks() throws {
    let long = String(repeating: "the house ", count: 40)
    let result = try thimble(
      "rerank", ranker, "the house", "--lang", "en", "--json", "--label", "LABEL_0",
      input: "is big\n\(long)\nthe model\na\n")
    let ranked = try answers(result, exitCode: 65)
    #expect(ranked.count == 4)
    let scores = ranked.dropLast().compactMap { $0["score"]?.double }
    #expect(scores.count == 3 && scores == scores.sorted(by: >))
    #expect(ranked[3]["index"] == 1 && ranked[3]["error"] != nil)
    #expect(Set(ranked.compactMap { $0["index"]?.int }) == [0, 1, 2, 3])
    let texts = ["is big", long, "the model", "a"]
    for answer in ranked.dropLast() {
      #expect(answer["text"]?.string == texts[try #require(answer["index"]?.int)])
      let alone = try answers(
        thimble(
          "rerank", ranker, "the house", "--lang", "en", "--json", "--label", "LABEL_0",
          try #require(answer["text"]?.string)))
      #expect(alone[0]["score"] == answer["score"])
    }
    let top = try answers(
      thimble(
        "rerank", ranker, "the house", "--lang", "en", "--json", "--label", "LABEL_0", "--top", "1",
        "is big", "the model"))
    #expect(top.count == 1)
  }

  @Test("a long context is read in windows, from a file too")
  func longContext() throws {
    let context = (0..<400).map { "the house \($0) is big" }.joined(separator: ". ")
    let path = try folder.write(Array(context.utf8), to: "context.txt")
    for model in [answerer, beams] {
      let result = try thimble(
        "answer", model, "--lang", "en", "--json", "--question", "the house", "--context-file",
        path,
        "--stride", "5")
      let answer = try #require(try answers(result).first?["answers"]?.array?.first)
      let (scalars, bytes) = try parts(answer, of: context)
      #expect(answer["answer"]?.string == scalars && scalars == bytes)
    }
  }

  @Test("what would have no effect, or no sense, is refused before anything runs")
  func usage() throws {
    for arguments in [
      ["tag", tagger, "--all", "--ignore", "O", "x"], ["tag", tagger, "--ignore", "PER", "x"],
      ["tag", tagger, "--stride", "3", "--ids", "[1]"], ["tag", tagger, "--stride", "-1", "x"],
      ["tag", tagger, "--stride", "3", "--truncate", "x"], ["answer", answerer, "--question", "x"],
      ["answer", answerer, "--context", "x", "--context-file", "x"],
      ["answer", answerer, "--top", "0", "--question", "x", "--context", "x"],
      ["choose", chooser, "x"], ["choose", chooser, "x", "y"], ["choose", chooser, "--ids"],
      ["rerank", ranker, "x", "--ids"], ["rerank", ranker, "x", "--top", "0"],
    ] {
      let result = try ChildProcess(command, arguments)
      #expect(result.exitCode == 64 && result.output.isEmpty, "\(arguments): \(result.errors)")
    }
    let unnamed = try thimble("rerank", ranker, "--lang", "en", "x", "y")
    #expect(unnamed.exitCode == 65 && unnamed.errors.contains("--label"))
    let lacking = try thimble("answer", tagger, "--question", "x", "--context", "y")
    #expect(lacking.exitCode == 65 && lacking.errors.contains("XLMForTokenClassification"))
  }
}
