internal import ArgumentParser
internal import Thimble
internal import ThimbleJSON
internal import ThimbleModel
internal import ThimbleSystem

struct Choose: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Tells which of several texts fits a prompt best.",
    discussion: """
      MODEL is a .thimble file made from an XLMForMultipleChoice checkpoint, or that checkpoint. Without PROMPT, every line of \
      standard input is a prompt and its choices, with tabs between them.

      Examples:
        thimble choose swag.thimble "She opened the door" "and went in." "and flew away."
        thimble choose swag.thimble --json < questions.tsv
      """)

  @Argument(help: "A .thimble file or a checkpoint.")
  var model: String

  @Argument(
    help: "The prompt, then at least two choices. (default: the lines of standard input)")
  var promptAndChoices: [String] = []

  @OptionGroup var sequence: SequenceOptions

  @Flag(help: "Print JSON, one line for each prompt.")
  var json = false

  @OptionGroup var lines: LineOptions

  @OptionGroup var passes: PassOptions

  @OptionGroup var options: ModelOptions

  func validate() throws {
    if (1...2).contains(promptAndChoices.count) {
      throw ValidationError("A prompt needs at least two choices.")
    }
    if sequence.input.ids {
      throw ValidationError("--ids does not go with choose: a prompt and its choices are texts.")
    }
  }

  func run() throws {
    try reportingFailure {
      let source = try openSource(model, passes.sizing(options.run), heads: [MultipleChoice.self])
      let chooser = try Chooser(source)
      options.announce(source)
      try sequence.input.check(for: chooser.texts.text)
      let given = promptAndChoices.isEmpty ? [] : [promptAndChoices.joined(separator: "\t")]
      var notices = TextNotices()
      try lines.forEach(given, in: chooser.session) { line in
        let parts = given.isEmpty ? try Self.parts(try line.string()) : promptAndChoices
        notices.look(at: line)
        let choices = Array(parts.dropFirst())
        let inputs = try chooser.inputs(parts[0], among: choices, sequence.text)
        return PreparedText<MultipleChoice>(items: inputs.map { ($0, .init()) }) { scores in
          let shares = Chooser.shares(scores)
          return json ? jsonLine(shares) : table(parts[0], choices, shares)
        }
      } orElse: { line, message in
        json ? errorLine(message) : errorBlock(line, message)
      }
      options.account()
    }
  }

  private static func parts(_ line: String) throws -> [String] {
    let parts = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    guard parts.count > 2 else { throw LineError.fewChoices(found: parts.count - 1) }
    return parts
  }

  private func jsonLine(_ shares: [Double]) -> String {
    JSONValue.object([
      "choice": JSONValue(Self.best(shares)), "scores": .array(shares.map { .number($0) }),
    ]).text() + "\n"
  }

  /// The first of the likeliest.
  private static func best(_ shares: [Double]) -> Int {
    shares.indices.max { (shares[$0], -$0) < (shares[$1], -$1) } ?? 0
  }

  private func table(_ prompt: String, _ choices: [String], _ shares: [Double]) -> String {
    let best = Self.best(shares)
    return "\(prompt.printable(limit: 1000))\n"
      + rows(
        choices.indices.map {
          [$0 == best ? "*" : "", choices[$0], shortNumber(shares[$0], 4)]
        })
  }
}
