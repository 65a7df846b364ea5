internal import ArgumentParser
internal import Thimble
internal import ThimbleJSON
internal import ThimbleModel
internal import ThimbleSystem

struct Score: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Scores how well texts fit the model.",
    discussion: """
      Prints the pseudo-log-likelihood of each text: the sum of log p of its tokens, in nats, each masked in a copy of \
      the text. Higher is likelier; compare texts of like length. A text of n tokens costs n passes of n tokens. \
      Without TEXT, or for -, every line of standard input is a text, empty ones too. A text that cannot be scored gets \
      its error in place of an answer.

      Examples:
        thimble score xlm.thimble "He went home." "He home went."
        thimble score xlm.thimble --tokens --lang en "The cat sat on the moon."
      """)

  @Argument(help: "A .thimble file or a checkpoint.")
  var model: String

  @Argument(help: "Texts. (default: the lines of standard input)")
  var text: [String] = []

  @Option(
    help:
      "Which tokens are masked while one is scored: within_word_l2r, it and the later tokens of its word, or original, it alone."
  )
  var method = ScoreMethod.withinWordLeftToRight

  @Flag(help: "Print the score of every token too. JSON always has them.")
  var tokens = false

  @Flag(help: "Print JSON, one line for each text.")
  var json = false

  @OptionGroup var input: InputOptions

  @OptionGroup var lines: LineOptions

  @OptionGroup var options: ModelOptions

  func run() throws {
    try reportingFailure {
      let source = try openSource(model, options.run, heads: [MaskedLanguageModel.self])
      let model = try LanguageModel(source)
      options.announce(source)
      try input.check(for: model.text)
      var notices = TextNotices()
      try lines.forEach(text) { line in
        let score = try model.score(try query(line, model.texts, &notices))
        try StandardStream.output.write(json ? score.json.text() + "\n" : table(line, score))
      } orElse: { line, message in
        try StandardStream.output.write(
          json ? errorLine(message) : "\(Self.column("error"))  \(line.shown)\n")
      }
      options.account()
    }
  }

  private func query(
    _ line: InputText, _ texts: TextEncoder, _ notices: inout TextNotices
  ) throws -> ScoreQuery {
    if input.ids { return try ScoreQuery(ids: try line.ids(), method, input.text, with: texts) }
    notices.look(at: line)
    let query = try ScoreQuery(try line.string(), method, input.text, with: texts)
    notices.look(texts.text.caution(tokens: query.tokens), at: line)
    return query
  }

  private func table(_ line: InputText, _ score: TextScore) -> String {
    var output = "\(Self.column(decimal(score.score, 4)))  \(line.shown)\n"
    guard tokens else { return output }
    for token in score.tokens {
      output +=
        "  \(Self.column(decimal(token.score, 4)))  \(token.text.printable(limit: 60))\n"
    }
    return output
  }

  /// `text` at the right of a column as wide as the score of a long text.
  private static func column(_ text: String) -> String {
    String(repeating: " ", count: max(11 - text.count, 0)) + text
  }
}
