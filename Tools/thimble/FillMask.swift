internal import ArgumentParser
internal import Thimble
internal import ThimbleJSON
internal import ThimbleModel
internal import ThimbleSystem

struct FillMask: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fill-mask",
    abstract: "Predicts the words that fit where a text has <mask>.",
    discussion: """
      MODEL is a .thimble file, or a checkpoint, which then runs in place in fp32. <mask>, [MASK] and \
      <special1> all mean the mask. Without TEXT, or with -, every line of standard input is a text and is answered \
      as it comes. If a text cannot be answered, for example without a mask, its error takes the place of the answer.

      Examples:
        thimble fill-mask xlm.thimble "Paris is the <mask> of France."
        thimble fill-mask xlm.thimble "Das ist <mask> gut." --targets sehr,nicht
        thimble fill-mask xlm.thimble --json < sentences.txt > fillings.jsonl
      """)

  @Argument(help: "A .thimble file or a checkpoint.")
  var model: String

  @Argument(help: "Texts with at least one <mask>. (default: the lines of standard input)")
  var text: [String] = []

  @Option(help: "How many fillings of each mask to print, 1 to 1000.")
  var top = 5

  @Option(help: ArgumentHelp("Consider only these words, separated by commas.", valueName: "a,b"))
  var targets: String?

  @OptionGroup var input: InputOptions

  @Flag(help: "Print JSON, one line for each text, in the format of Hugging Face's pipeline.")
  var json = false

  @OptionGroup var lines: LineOptions

  @OptionGroup var passes: PassOptions

  @OptionGroup var options: ModelOptions

  func validate() throws {
    guard (1...1000).contains(top) else {
      throw ValidationError("--top \(top): must be 1 to 1000.")
    }
    if let targets, targetNames.isEmpty {
      throw ValidationError("--targets \"\(targets.printable())\": must name at least one word.")
    }
  }

  private var targetNames: [String] { targets?.split(separator: ",").map(String.init) ?? [] }

  private var fill: FillMaskOptions {
    var fill = FillMaskOptions()
    fill.top = top
    fill.convention = input.convention
    fill.language = input.language
    fill.truncates = input.truncate
    fill.truncationSide = input.text.truncationSide
    return fill
  }

  func run() throws {
    try reportingFailure {
      let source = try openSource(
        model, passes.sizing(options.run), heads: [MaskedLanguageModel.self])
      let model = try LanguageModel(source)
      options.announce(source)
      try input.check(for: model.text)
      let targets = try model.targets(targetNames)
      for replacement in targets.replacements { sayReplaced(replacement, in: model.text) }
      var notices = TextNotices()
      try lines.forEach(text, in: model.session) { line in
        let query = try query(line, model, targets, &notices)
        let scoring = query.scoring(masks: query.positions.indices)
        return PreparedText<MaskedLanguageModel>(items: [(query.sequence, scoring)]) { readings in
          let fillings = readings[0].enumerated().map { query.fillings($1, mask: $0) }
          return json ? jsonLine(fillings) : table(line, fillings)
        }
      } orElse: { line, message in
        json ? errorLine(message) : errorBlock(line, message)
      }
      options.account()
    }
  }

  private func sayReplaced(_ replacement: FillMaskTargets.Replacement, in text: ModelText) {
    warn(
      "The target \"\(replacement.target.printable())\" is not a single token. Its first piece, \"\(text.text(of: replacement.id).printable())\", is scored instead."
    )
  }

  private func query(
    _ line: InputText, _ model: LanguageModel, _ targets: FillMaskTargets,
    _ notices: inout TextNotices
  ) throws -> FillMaskQuery {
    if input.ids { return try model.query(ids: try line.ids(), fill, targets: targets) }
    notices.look(at: line)
    let query = try model.query(try line.string(), fill, targets: targets)
    notices.look(model.text.caution(tokens: query.sequence.ids), at: line)
    return query
  }

  private func jsonLine(_ fillings: [[Filling]]) -> String {
    let masks = fillings.map { JSONValue.array($0.map(\.json)) }
    // Hugging Face's pipeline unwraps the list of a single mask.
    return (masks.count == 1 ? masks[0] : .array(masks)).text() + "\n"
  }

  private func table(_ line: InputText, _ fillings: [[Filling]]) -> String {
    var output = "\(line.shown)\n"
    for (index, list) in fillings.enumerated() {
      if fillings.count > 1 { output += "mask \(index + 1)\n" }
      let names = list.map(name)
      let percents = list.map { shortNumber($0.probability * 100, 1) }
      let width = names.map(displayWidth).max() ?? 0
      let percentWidth = max(percents.map(\.count).max() ?? 0, 6)
      for (filling, (name, percent)) in zip(list, zip(names, percents)) {
        let padding = String(repeating: " ", count: width - displayWidth(name))
        output += String(repeating: " ", count: percentWidth - percent.count) + percent + " %  "
        output += name + padding + "  " + bar(filling.probability) + "\n"
      }
    }
    return output
  }

  /// The token, and the target that it stands for if it is only its first piece.
  private func name(_ filling: Filling) -> String {
    let text = filling.text.printable(limit: 60)
    return filling.target.map { "\(text) (for \($0.printable(limit: 60)))" } ?? text
  }

  /// A probability as a bar of at most 30 columns, in eighths of a column.
  private func bar(_ probability: Double) -> String {
    let eighths = Int((probability * 240).rounded())
    let partial = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
    return String(repeating: "█", count: eighths / 8) + partial[eighths % 8]
  }
}
