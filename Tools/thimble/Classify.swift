internal import ArgumentParser
internal import Thimble
internal import ThimbleJSON
internal import ThimbleSystem

struct Classify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Sorts texts into the classes that a model was fine-tuned for.",
    discussion: """
      MODEL is a .thimble file made from an XLMForSequenceClassification checkpoint, or that checkpoint. A tab \
      separates the two texts of a pair. Without TEXT, every line of standard input is a text.

      Examples:
        thimble classify topics.thimble "The match ended in a draw."
        thimble classify xnli.thimble --json < pairs.tsv
      """)

  @Argument(help: "A .thimble file or a checkpoint.")
  var model: String

  @Argument(help: "Texts. (default: the lines of standard input)")
  var text: [String] = []

  @OptionGroup var input: TextInputOptions

  @Flag(help: "Print JSON, one line for each text, in the shape of Hugging Face's pipeline.")
  var json = false

  @OptionGroup var options: ModelOptions

  func run() throws {
    try reportingFailure {
      let classifier = try TextClassifier(try openSource(model, options.run))
      try warn(classifier.sequences.text.warning(language: input.language, input.convention))
      try forEachText(text) { line in
        let scores = try classifier.classify([input.input(line, classifier.sequences)])[0]
        try StandardStream.output.write(json ? jsonLine(scores) : table(line, scores))
      }
    }
  }

  private func jsonLine(_ scores: [ClassScore]) -> String {
    JSONValue.array(scores.map { ["label": .string($0.label), "score": .number($0.score)] }).text()
      + "\n"
  }

  private func table(_ line: [UInt8], _ scores: [ClassScore]) -> String {
    let width = scores.map { displayWidth($0.label) }.max() ?? 0
    return String(decoding: line, as: UTF8.self) + "\n"
      + scores.map { score in
        let padding = String(repeating: " ", count: width - displayWidth(score.label))
        return "  \(score.label)\(padding)  \(decimal(score.score, 4))\n"
      }.joined()
  }
}
