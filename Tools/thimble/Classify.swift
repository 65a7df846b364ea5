internal import ArgumentParser
internal import Thimble
internal import ThimbleJSON
internal import ThimbleModel
internal import ThimbleSystem

struct Classify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Sorts texts into the classes that a model was fine-tuned for.",
    discussion: """
      MODEL is a .thimble file made from an XLMForSequenceClassification checkpoint, or that checkpoint. The first tab \
      of a text separates the two texts of a pair. Without TEXT, or with -, every line of standard input is a text, \
      even if it is empty. If a text cannot be answered, its error takes the place of the answer.

      Examples:
        thimble classify topics.thimble "The match ended in a draw."
        thimble classify xnli.thimble --json < pairs.tsv
      """)

  @Argument(help: "A .thimble file or a checkpoint.")
  var model: String

  @Argument(help: "Texts. (default: the lines of standard input)")
  var text: [String] = []

  @OptionGroup var sequence: SequenceOptions

  @Flag(help: "Print JSON, one line for each text, in the format of Hugging Face's pipeline.")
  var json = false

  @OptionGroup var lines: LineOptions

  @OptionGroup var passes: PassOptions

  @OptionGroup var options: ModelOptions

  func run() throws {
    try reportingFailure {
      let source = try openSource(
        model, passes.sizing(options.run), heads: [SequenceClassifier.self])
      let classifier = try TextClassifier(source)
      options.announce(source)
      try sequence.input.check(for: classifier.texts.text)
      var notices = TextNotices()
      let classes = Classes(classifier.session.configuration)
      try lines.forEach(text, in: classifier.session) { line in
        let input = try input(line, classifier.texts, &notices)
        return PreparedText<SequenceClassifier>(items: [(input, .init())]) { logits in
          let scores = classes.ranked(logits[0])
          return json ? scores.json.text() + "\n" : table(line, scores)
        }
      } orElse: { line, message in
        json ? errorLine(message) : errorBlock(line, message)
      }
      options.account()
    }
  }

  private func input(
    _ line: InputText, _ texts: TextEncoder, _ notices: inout TextNotices
  ) throws -> SequenceInput {
    if sequence.input.ids { return try texts.input(ids: try line.ids(), sequence.text) }
    notices.look(at: line)
    let parts = try line.string()
      .split(separator: "\t", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let input = try texts.input(
      parts[0], pairedWith: parts.count > 1 ? parts[1] : nil, sequence.text)
    notices.look(texts.text.caution(tokens: input.ids), at: line)
    return input
  }

  private func table(_ line: InputText, _ scores: [ClassScore]) -> String {
    "\(line.shown)\n" + rows(scores.map { [$0.label, shortNumber($0.score, 4)] })
  }
}
