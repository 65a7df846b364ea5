internal import ArgumentParser
internal import Thimble
internal import ThimbleJSON
internal import ThimbleModel
internal import ThimbleSystem

struct Rerank: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Sorts texts by how well they fit a query.",
    discussion: """
      MODEL is a .thimble file made from an XLMForSequenceClassification checkpoint that was fine-tuned on pairs of a query \
      and a text, or that checkpoint. Its only class, or the class that --label names, says how well the two fit. Without \
      TEXT, or with -, every line of standard input is a text.

      Examples:
        thimble rerank reranker.thimble "capital of France" --top 5 < passages.txt
        thimble rerank xnli.thimble --label entailment "It rains." "It is wet." "The sun shines."
      """)

  @Argument(help: "A .thimble file or a checkpoint.")
  var model: String

  @Argument(help: "What the texts are compared with.")
  var query: String

  @Argument(help: "Texts. (default: the lines of standard input)")
  var text: [String] = []

  @Option(
    help: ArgumentHelp(
      "The class whose probability is the score, if the model has several.", valueName: "name"))
  var label: String?

  @Option(help: ArgumentHelp("Print the best ones only. (default: all)", valueName: "number"))
  var top: Int?

  @Flag(help: "Print what the model yields, instead of probabilities.")
  var raw = false

  @OptionGroup var sequence: SequenceOptions

  @Flag(
    help: "Print JSON, one line for each text, with its number among the texts, from 0, as index.")
  var json = false

  @OptionGroup var lines: LineOptions

  @OptionGroup var passes: PassOptions

  @OptionGroup var options: ModelOptions

  func validate() throws {
    if let top, top < 1 { throw ValidationError("--top \(top): must be 1 or more.") }
    if sequence.input.ids {
      throw ValidationError("--ids does not go with rerank: query and texts are paired as texts.")
    }
  }

  func run() throws {
    try reportingFailure {
      let source = try openSource(
        model, passes.sizing(options.run), heads: [SequenceClassifier.self])
      let classifier = try TextClassifier(source)
      options.announce(source)
      try sequence.input.check(for: classifier.texts.text)
      let relevance = try Relevance(
        Classes(classifier.session.configuration), label: label)
      var (ranked, failed): ([(text: InputText, score: Double)], [String]) = ([], [])
      var notices = TextNotices()
      let ending = Result {
        try lines.forEach(text, in: classifier.session) { line in
          notices.look(at: line)
          let input = try classifier.texts.input(
            query, pairedWith: try line.string(), sequence.text)
          notices.look(classifier.texts.text.caution(tokens: input.ids), at: line)
          return PreparedText<SequenceClassifier>(items: [(input, .init())]) { logits in
            ranked.append((line, relevance.score(logits[0], isRaw: raw)))
            return ""
          }
        } orElse: { line, message in
          failed.append(errorText(line, message))
          return ""
        }
      }
      ranked.sort { (-$0.score, $0.text.index) < (-$1.score, $1.text.index) }
      for (text, score) in ranked.prefix(top ?? .max) {
        try StandardStream.output.write(answerText(text, score))
      }
      for failure in failed { try StandardStream.output.write(failure) }
      options.account()
      _ = try ending.get()
    }
  }

  private func answerText(_ text: InputText, _ score: Double) -> String {
    guard json else { return "\(Self.column(shortNumber(score, 4)))  \(text.shown)\n" }
    return JSONValue.object([
      "index": JSONValue(text.index), "score": .number(score),
      "text": .string(String(decoding: text.bytes, as: UTF8.self)),
    ]).text() + "\n"
  }

  private func errorText(_ text: InputText, _ message: String) -> String {
    guard json else { return "\(Self.column("error"))  \(text.shown)\n" }
    return JSONValue.object([
      "index": JSONValue(text.index), "error": .string(message),
    ]).text() + "\n"
  }

  private static func column(_ text: String) -> String {
    String(repeating: " ", count: max(9 - text.count, 0)) + text
  }
}
