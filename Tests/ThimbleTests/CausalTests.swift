import Testing
import Thimble
import ThimbleArchitecture
import ThimbleJSON
import ThimbleModel
import ThimbleReference
import ThimbleSystem
import ThimbleTestSupport
import ThimbleText

private let languages = repository("Tests/CommandTests/Fixtures/answered/languages")
private let tinyFile = repository("Tests/ThimbleModelTests/Fixtures/v1-tiny.thimble")

/// The checkpoint at `path`, whose configuration says that it is not causal, run causally.
private func causal(
  _ path: String, _ kernels: KernelTable = .underTest, maximumTokens: Int? = nil
) throws -> LanguageModel {
  var options = RunOptions(threads: 2, isa: kernels.name, maximumTokens: maximumTokens)
  options.isCausal = true
  return try LanguageModel(.checkpoint(path, options: options))
}

private func options(
  _ length: Int, _ change: (inout CompletionOptions) -> Void = { _ in }
) -> CompletionOptions {
  var options = CompletionOptions()
  (options.length, options.stopsAtEnd) = (length, false)
  change(&options)
  return options
}

/// The goldens are Hugging Face's: see Tools/causal-goldens.
@Suite("A causal model")
struct CausalTests {
  @Test(
    "scores and continues ids as the reference implementation does", arguments: KernelTable.runnable
  )
  func goldens(kernels: KernelTable) throws {
    let cases = try #require(json(fixture("causal.json")).array)
    #expect(cases.count == 5)
    for golden in cases {
      let model = try causal(
        repository(try #require(golden["checkpoint"]?.string)), kernels)
      let ids = try #require(golden["ids"]).ints
      var text = TextOptions()
      text.language = try golden["language"]?.int.map { id in
        try #require(model.configuration.languages.first { $0.id == id }?.name)
      }
      let expected = try #require(golden["log_probabilities"]?.array).compactMap(\.double)
      if !expected.isEmpty {
        let score = try model.score(ScoreQuery(ids: ids, .causal, text, with: model.texts))
        #expect(score.tokens.map(\.id) == Array(ids.dropFirst()))
        for (token, wanted) in zip(score.tokens, expected) {
          #expect(abs(token.score - wanted) < 1e-4)
        }
      }
      func continued(_ sampling: Sampling?, seed: Int = 0) throws -> [Int] {
        let settings = options(12) {
          ($0.sampling, $0.seed, $0.text) = (sampling, UInt64(seed), text)
        }
        return try model.complete(CompletionQuery(ids: ids, settings, with: model.texts))
          .tokens.map(\.id)
      }
      #expect(try continued(nil) == golden["greedy"]?.ints)
      for draw in try #require(golden["drawn"]?.array) {
        var sampling = Sampling()
        sampling.temperature = try #require(draw["temperature"]?.double)
        sampling.topK = draw["top_k"]?.int
        sampling.topP = draw["top_p"]?.double ?? 1
        let found = try continued(sampling, seed: try #require(draw["seed"]?.int))
        #expect(found == draw["ids"]?.ints, "\(draw)")
      }
    }
  }

  @Test("of a file has the same bits, and draws the same tokens, on every ISA, thread and budget")
  func exact() throws {
    var results: Set<[UInt64]> = []
    for kernels in KernelTable.runnable {
      for (threads, pins) in [(1, true), (5, true), (5, false)] {
        var run = RunOptions(threads: threads, isa: kernels.name)
        (run.isCausal, run.base) = (true, 0)
        var model = try LanguageModel(path: tinyFile, options: run)
        if !pins {
          let plan = try #require(model.plan)
          run.memory = .bytes(plan.peak - plan.pinned)
          model = try LanguageModel(path: tinyFile, options: run)
        }
        #expect((model.plan?.pinned ?? 0 > 0) == pins)
        let ids = [1, 20, 405, 45, 130, 77, 1]
        let score = try model.score(ScoreQuery(ids: ids, .causal, with: model.texts))
        let settings = options(16) { ($0.sampling, $0.seed) = (Sampling(), 9) }
        let drawn = try model.complete(CompletionQuery(ids: ids, settings, with: model.texts))
        results.insert(
          score.tokens.map(\.score.bitPattern) + drawn.tokens.map(\.score.bitPattern)
            + drawn.tokens.map { UInt64($0.id) })
      }
    }
    #expect(results.count == 1 && results.first?.count == 5 + 32)
  }

  @Test("scores a token by nothing that follows it, in one pass with those of other texts")
  func prefix() throws {
    let model = try causal(languages)
    func query(_ ids: [Int]) throws -> ScoreQuery {
      try ScoreQuery(ids: ids, .causal, with: model.texts)
    }
    let (long, short) = (try query([1, 20, 405, 45, 130, 1]), try query([1, 20, 405, 45, 1]))
    let whole = try model.score(long).tokens.map(\.score)
    #expect(try model.score(short).tokens.map(\.score) == Array(whole.prefix(3)))
    #expect(long.count == 1 && long.cost == 6)
    let together = try model.session.read(
      MaskedLanguageModel.self, short.items + long.items)
    #expect(long.answer(together.suffix(1)).tokens.map(\.score) == whole)
  }

  @Test("adds up scores to perplexities, by token and by word")
  func perplexity() throws {
    let model = try causal(languages)
    var text = TextOptions()
    text.language = "fr"
    let string = "le chat est ici"
    let score = try model.score(ScoreQuery(string, .causal, text, with: model.texts))
    #expect(score.score == score.tokens.reduce(0) { $0 + $1.score })
    #expect(score.wordCount == 4 && score.tokens.count > 4)
    #expect(score.perplexity == exponential(-score.score / Double(score.tokens.count)))
    #expect(score.wordPerplexity == exponential(-score.score / 4))
    #expect(score.tokens.map(\.text).joined() == string.filter { $0 != " " })
    text.language = "de"
    let other = try model.score(ScoreQuery(string, .causal, text, with: model.texts))
    #expect(other.score != score.score)
  }

  @Test("is what the configuration says, unless told otherwise; others cannot foretell")
  func refusal() throws {
    let model = try LanguageModel(.checkpoint(languages))
    #expect(!model.configuration.isCausal)
    for body: () throws -> Void in [
      { _ = try ScoreQuery(ids: [1, 20, 1], .causal, with: model.texts) },
      { _ = try CompletionQuery(ids: [1, 20, 1], options(1), with: model.texts) },
    ] {
      #expect {
        try body()
      } throws: {
        if case ThimbleError.notCausal(languages + "/model.safetensors") = $0 {
          true
        } else {
          false
        }
      }
    }
  }
}

@Suite("A continuation")
struct CompletionTests {
  @Test("of a text is that of its ids, and is handed out token by token")
  func text() throws {
    let model = try causal(languages)
    let string = "le chat "
    let settings = options(6)
    let query = try CompletionQuery(string, settings, with: model.texts)
    var received: [Completion.Token] = []
    let completion = try model.complete(query) { received.append($0) }
    #expect(received == completion.tokens && received.count == 6)
    #expect(completion.text == string + received.map(\.text).joined())
    #expect(completion.seed == nil && completion.ending == .length)
    let ids = query.tokens.map { Int($0) }
    for ids in [ids, ids + [1], ids + [1, 2, 2]] {
      let same = try model.complete(CompletionQuery(ids: ids, settings, with: model.texts))
      #expect(same.tokens.map(\.id) == received.map(\.id))
      #expect(same.prompt == "le chat")
    }
  }

  @Test("has the spaces that the tokens mean")
  func spaces() throws {
    let model = try causal(languages)
    for (string, seed) in [("un ami", 1), ("", 2), ("le chat ", 3)] {
      let settings = options(12) { ($0.sampling, $0.seed) = (Sampling(), UInt64(seed)) }
      let query = try CompletionQuery(string, settings, with: model.texts)
      let completion = try model.complete(query)
      let ids = query.tokens.dropFirst().map { Int($0) } + completion.tokens.map(\.id)
      let decoded = try #require(model.tables).decode(ids, skipSpecial: false)
      #expect(completion.text == decoded)
    }
  }

  @Test("ends where the model ends the text, if it is let")
  func end() throws {
    let model = try causal(languages)
    func complete(_ seed: UInt64, stops: Bool) throws -> Completion {
      let settings = options(20) {
        ($0.sampling, $0.seed, $0.stopsAtEnd) = (Sampling(), seed, stops)
        $0.sampling?.temperature = 100
      }
      return try model.complete(CompletionQuery(ids: [1, 20], settings, with: model.texts))
    }
    let seed = try #require(
      try (0..<200).first { try complete($0, stops: true).ending == .end })
    let (short, long) = (try complete(seed, stops: true), try complete(seed, stops: false))
    #expect(long.ending == .length && long.tokens.count == 20)
    #expect(Array(long.tokens.prefix(short.tokens.count)) == short.tokens)
    #expect(long.tokens[short.tokens.count].id == 1)
  }

  @Test("takes what room the model has; more only if the beginning may go")
  func window() throws {
    let model = try causal(languages, maximumTokens: 8)
    let ids = [1, 20, 405, 45, 130, 77]
    func complete(_ length: Int, truncates: Bool) throws -> [Int] {
      let settings = options(length) { $0.text.truncates = truncates }
      return try model.complete(CompletionQuery(ids: ids, settings, with: model.texts))
        .tokens.map(\.id)
    }
    let three = try complete(3, truncates: false)
    #expect {
      try complete(4, truncates: false)
    } throws: {
      if case ThimbleError.noRoom(6, 4, 8) = $0 { true } else { false }
    }
    let six = try complete(6, truncates: true)
    #expect(Array(six.prefix(3)) == three)
    // The same by hand: the token of the beginning, and the last seven.
    var all = ids
    for _ in 0..<6 {
      let context = all.count > 8 ? [1] + all.suffix(7) : all
      let next = try model.complete(
        CompletionQuery(ids: context, options(1), with: model.texts))
      all.append(next.tokens[0].id)
    }
    #expect(six == Array(all.suffix(6)))
  }

  @Test("refuses ids that are none, or that no causal model can leave out")
  func ids() throws {
    let model = try causal(languages)
    for ids in [[], [2, 2], [1, 683], [1, -1], [1, 2, 20]] {
      #expect(throws: ThimbleError.self, "\(ids)") {
        try CompletionQuery(ids: ids, options(1), with: model.texts)
      }
    }
  }
}
