internal import ArgumentParser
internal import Thimble
internal import ThimbleArchitecture
internal import ThimbleJSON
internal import ThimbleModel
internal import ThimbleSystem

struct Score: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Scores how well texts fit the model.",
    discussion: """
      Prints the pseudo-log-likelihood of each text: the sum of log p of its tokens, in nats, each masked in a copy of \
      the text. Higher is likelier; compare texts of like length. A text of n tokens costs n passes of n tokens. \
      With a causal model and --causal, prints its log-likelihood: that of each token given those before it, in a single \
      pass; and behind it the perplexity by token and by word. Without TEXT, or for -, every line of standard input is a text, empty ones too. A text that cannot be scored gets \
      its error in place of an answer.

      Examples:
        thimble score xlm.thimble "He went home." "He home went."
        thimble score xlm.thimble --tokens --lang en "The cat sat on the moon."
        thimble score clm.thimble --causal --lang en < sentences.txt
      """)

  @Argument(help: "A .thimble file or a checkpoint.")
  var model: String

  @Argument(help: "Texts. (default: the lines of standard input)")
  var text: [String] = []

  @Option(
    help:
      "What a token is scored by: within_word_l2r, all but itself and the later tokens of its word, which are masked; original, all but itself; or causal, those before it. (default: causal with --causal, else within_word_l2r)"
  )
  var method: ScoreMethod?

  @OptionGroup var causality: CausalOptions

  @Flag(help: "Print the score of every token too. JSON always has them.")
  var tokens = false

  @Flag(help: "Print JSON, one line for each text.")
  var json = false

  @OptionGroup var input: InputOptions

  @OptionGroup var lines: LineOptions

  @OptionGroup var passes: PassOptions

  @OptionGroup var options: ModelOptions

  func validate() throws {
    if causality.causal, let method, method != .causal {
      throw ValidationError("--method \(method.rawValue) masks tokens, which --causal does not.")
    }
  }

  /// What a token is scored by.
  private var scoring: ScoreMethod {
    method ?? (causality.causal ? .causal : .withinWordLeftToRight)
  }

  func run() throws {
    try reportingFailure {
      let source = try causality.open(model, passes.sizing(options.run))
      let model = try LanguageModel(source)
      try check(model)
      options.announce(source)
      try input.check(for: model.text)
      var notices = TextNotices()
      var total = Total()
      defer { if !json { total.say() } }
      try lines.forEach(text, in: model.session) { line in
        let query = try query(line, model.texts, &notices)
        return PreparedText<MaskedLanguageModel>(items: query.items) { readings in
          let score = query.answer(readings)
          total.add(score)
          return json ? score.json.text() + "\n" : table(line, score)
        }
      } orElse: { line, message in
        json ? errorLine(message) : "\(Self.column("error"))  \(line.shown)\n"
      }
      options.account()
    }
  }

  /// Whether the model can be scored so, and whether it should be.
  private func check(_ model: LanguageModel) throws {
    if scoring == .causal {
      try model.text.checkCausal()
    } else if model.configuration.isCausal {
      warn(
        "\(model.path): the model is causal, and scores a masked token by those before it alone. For the likelihood of a text, give --causal."
      )
    }
  }

  private func query(
    _ line: InputText, _ texts: TextEncoder, _ notices: inout TextNotices
  ) throws -> ScoreQuery {
    if input.ids { return try ScoreQuery(ids: try line.ids(), scoring, input.text, with: texts) }
    notices.look(at: line)
    let query = try ScoreQuery(try line.string(), scoring, input.text, with: texts)
    notices.look(texts.text.caution(tokens: query.tokens), at: line)
    return query
  }

  private func table(_ line: InputText, _ score: TextScore) -> String {
    var output = Self.column(decimal(score.score, 4))
    if score.method == .causal {
      for value in [score.perplexity, score.wordPerplexity] {
        output += "  " + Self.column(value.map { decimal($0, 2) } ?? "-")
      }
    }
    output += "  \(line.shown)\n"
    guard tokens else { return output }
    for token in score.tokens {
      output +=
        "  \(Self.column(decimal(token.score, 4)))  \(token.text.printable(limit: 60))\n"
    }
    return output
  }

  /// The likelihood of all texts together.
  private struct Total {
    private var (score, texts, tokens, words) = (0.0, 0, 0, 0)

    mutating func add(_ text: TextScore) {
      guard text.method == .causal else { return }
      score += text.score
      texts += 1
      tokens += text.tokens.count
      words += text.wordCount ?? 0
    }

    /// Tells it, if there are several.
    func say() {
      guard texts > 1 else { return }
      let perWord = words > 0 ? ", \(decimal(exponential(-score / Double(words)), 2)) by word" : ""
      try? StandardStream.error.write(
        "\(grouped(texts)) texts, \(grouped(tokens)) tokens: perplexity \(decimal(exponential(-score / Double(tokens)), 2)) by token\(perWord)\n"
      )
    }
  }

  /// `text` at the right of a column as wide as the score of a long text.
  private static func column(_ text: String) -> String {
    String(repeating: " ", count: max(11 - text.count, 0)) + text
  }
}
