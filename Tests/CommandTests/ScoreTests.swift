import Testing
import ThimbleJSON
import ThimbleSystem
import ThimbleTestSupport

@Suite("thimble score")
struct ScoreTests {
  let small = SmallModel.path

  private func answers(_ result: ChildProcess) throws -> [JSONValue] {
    #expect(result.exitCode == 0, "\(result.errors)")
    return try result.output.split(separator: "\n").map { try JSONValue(parsing: Array($0.utf8)) }
  }

  @Test("adds up what each token has where it is masked, and places them in the text")
  func tokens() throws {
    let text = "Hello, größte Häuser."
    let answer = try #require(try answers(thimble("score", small, text, "--json")).first)
    let tokens = try #require(answer["tokens"]?.array)
    #expect(answer["score"]?.double == tokens.reduce(0.0) { $0 + ($1["score"]?.double ?? .nan) })
    let scalars = Array(text.unicodeScalars)
    for token in tokens {
      let (start, stop) = (try #require(token["start"]?.int), try #require(token["stop"]?.int))
      var part = ""
      part.unicodeScalars.append(contentsOf: scalars[start..<stop])
      #expect(token["text"]?.string == part)
      #expect(try #require(token["score"]?.double) < 0)
    }
  }

  @Test(
    "is what fill-mask says of the last token of a word",
    arguments: ["original", "within_word_l2r"])
  func likelihood(method: String) throws {
    let score = try #require(
      try answers(thimble("score", small, "the house", "--json", "--method", method)).first)
    let last = try #require(score["tokens"]?.array?.last?["score"]?.double)
    let filled = try thimble(
      "fill-mask", small, "the <mask>", "--targets", "house</w>", "--json")
    let probability = try #require(
      try answers(filled).first?.array?.first?["score"]?.double)
    #expect(abs(exponential(last) - probability) < 1e-6)
  }

  @Test("masks the later tokens of a word with the first, unless told otherwise")
  func methods() throws {
    let word = "unbelievableness"
    let (grouped, original) = (
      try #require(try answers(thimble("score", small, word, "--json")).first),
      try #require(
        try answers(thimble("score", small, word, "--json", "--method", "original")).first)
    )
    let (a, b) = (
      try #require(grouped["tokens"]?.array), try #require(original["tokens"]?.array)
    )
    #expect(a.count == b.count && a.count > 1)
    #expect(a.first?["score"] != b.first?["score"])
    #expect(a.last?["score"] == b.last?["score"])
  }

  @Test("ids give the bits of their text, and padding changes nothing")
  func ids() throws {
    let text = "The house is big."
    let tokens = try #require(try answers(thimble("tokenize", small, text, "--json")).first)
    let ids = try #require(tokens["ids"]?.array).compactMap(\.int)
    let score = try #require(try answers(thimble("score", small, text, "--json")).first?["score"])
    for ids in [ids, ids + [2, 2]] {
      let list = JSONValue.array(ids.map { JSONValue($0) }).text()
      let answer = try #require(
        try answers(thimble("score", small, "--ids", "--json", list)).first)
      #expect(answer["score"] == score)
      #expect(answer["tokens"]?.array?.first?["start"] == .null)
    }
  }

  @Test("one line in is one line out, in JSON and for people")
  func lines() throws {
    let input = "He went home.\n\nHe home went.\n"
    let json = try thimble("score", small, "--json", input: input)
    #expect(json.exitCode == 65)
    let found = try json.output.split(separator: "\n").map {
      try JSONValue(parsing: Array($0.utf8))
    }
    #expect(found.map { $0["error"] != nil } == [false, true, false])
    let (first, last) = (
      try #require(found.first?["score"]?.double), try #require(found.last?["score"]?.double)
    )
    #expect(first > last)
    let table = try thimble("score", small, input: input)
    let rows = table.output.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(rows.count == 4 && rows[0].hasSuffix("  He went home.") && rows[1].contains("error"))
    #expect(json.errors.contains("line 2") && json.errors.contains("no tokens"))
  }

  @Test("a model without such a head is refused by name")
  func noHead() throws {
    let classifier = InputTests.folder + "language-classifier"
    let result = try thimble("score", classifier, "a")
    #expect(result.exitCode == 65, "\(result.errors)")
    #expect(result.errors.contains("pred_layer.proj.bias"))
  }
}
