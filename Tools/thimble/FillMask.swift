internal import ArgumentParser
internal import Thimble
internal import ThimbleJSON
internal import ThimbleSystem

struct FillMask: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fill-mask",
    abstract: "Finds the words that fit where a text says <mask>.",
    discussion: """
      MODEL is a .thimble file, or a checkpoint, which then runs in place in fp32. <mask>, [MASK] and \
      <special1> all mean the mask. Without TEXT, every line of standard input is a text, answered as it comes.

      Examples:
        thimble fill-mask xlm.thimble "Paris is the <mask> of France."
        thimble fill-mask xlm.thimble "Das ist <mask> gut." --targets sehr,nicht
        thimble fill-mask xlm.thimble --json < sentences.txt > fillings.jsonl
      """)

  @Argument(help: "A .thimble file or a checkpoint.")
  var model: String

  @Argument(help: "Texts with at least one <mask>. (default: the lines of standard input)")
  var text: [String] = []

  @Option(help: "How many fillings of each mask to print.")
  var top = 5

  @Option(help: ArgumentHelp("Consider these words only, separated by commas.", valueName: "a,b"))
  var targets: String?

  @Option(name: .customLong("lang"), help: "The language of the text, for models that use it.")
  var language: String?

  @Option(
    name: .customLong("compat"),
    help: "training: the text as the model was trained; hf: as Hugging Face's pipeline.",
    transform: Convention.init(argument:))
  var convention = Convention.training

  @Flag(help: "Lines are JSON lists of token ids, ends included.")
  var ids = false

  @Flag(help: "Cut texts that are too long, instead of refusing them.")
  var truncate = false

  @Flag(help: "Print JSON, one line for each text, in the shape of Hugging Face's pipeline.")
  var json = false

  @OptionGroup var options: ModelOptions

  func validate() throws {
    guard (1...1000).contains(top) else {
      throw ValidationError("--top \(top): 1 to 1000 make sense.")
    }
  }

  func run() throws {
    try reportingFailure {
      let languageModel = try openModel(model, options.run)
      try options.announce(languageModel)
      try warn(languageModel.text.warning(language: language, convention))
      if text.isEmpty {
        try answerLines(with: languageModel)
      } else {
        for line in text { try answer(Array(line.utf8), with: languageModel) }
      }
      try options.account()
    }
  }

  /// Answers every line of standard input as it comes.
  private func answerLines(with languageModel: LanguageModel) throws {
    var lines = LineReader()
    var failure: (any Error)?
    while let line = try lines.next() {
      guard !line.isEmpty else { continue }
      do { try answer(line, with: languageModel) } catch let error as SystemError {
        throw error
      } catch {
        // One bad line must not end the stream: it gets its message, and the exit code tells.
        try StandardStream.error.write("thimble: line \(lines.lineNumber): \(error)\n")
        if json { try StandardStream.output.write(errorLine(error)) }
        failure = error
      }
    }
    if let failure { throw ExitCode(Failure(failure).rawValue) }
  }

  private func errorLine(_ error: any Error) -> String {
    JSONValue.object(["error": .string("\(error)")]).text() + "\n"
  }

  private func answer(_ line: [UInt8], with model: LanguageModel) throws {
    var fill = FillMaskOptions()
    fill.top = top
    fill.targets = targets?.split(separator: ",").map(String.init) ?? []
    fill.convention = convention
    fill.language = language
    fill.truncates = truncate
    let fillings: [[Filling]]
    let shown: String
    if ids {
      let list = try TokenIDs(line)
      fillings = try model.fillMask(ids: list.ids, fill)
      shown = list.ids.map(String.init).joined(separator: " ")
    } else {
      guard let text = String(validating: line, as: UTF8.self) else { throw LineError.notUTF8 }
      fillings = try model.fillMask(text, fill)
      shown = text
    }
    try StandardStream.output.write(json ? jsonLine(fillings) : table(shown, fillings))
  }

  private func jsonLine(_ fillings: [[Filling]]) -> String {
    let masks = fillings.map { list in
      JSONValue.array(
        list.map { filling in
          .object([
            "score": .number(filling.probability), "token": JSONValue(filling.id),
            "token_str": .string(filling.text), "sequence": .string(filling.sequence),
          ])
        })
    }
    // Hugging Face's pipeline unwraps the list of a single mask.
    return (masks.count == 1 ? masks[0] : .array(masks)).text() + "\n"
  }

  private func table(_ text: String, _ fillings: [[Filling]]) -> String {
    var output = text + "\n"
    for (index, list) in fillings.enumerated() {
      if fillings.count > 1 { output += "mask \(index + 1)\n" }
      let width = list.map { displayWidth($0.text) }.max() ?? 0
      for filling in list {
        let padding = String(repeating: " ", count: width - displayWidth(filling.text))
        let percent = decimal(filling.probability * 100, 1)
        output += String(repeating: " ", count: 6 - min(percent.count, 6)) + percent + " %  "
        output += filling.text + padding + "  " + bar(filling.probability) + "\n"
      }
    }
    return output
  }

  /// A probability as a bar of at most 30 columns, in eighths of a column.
  private func bar(_ probability: Double) -> String {
    let eighths = Int((probability * 240).rounded())
    let partial = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
    return String(repeating: "█", count: eighths / 8) + partial[eighths % 8]
  }
}

extension Convention {
  init(argument: String) throws {
    guard let convention = Convention(rawValue: argument) else {
      let known = Convention.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("--compat \(argument): there are \(known).")
    }
    self = convention
  }
}

/// Why a line of input is no text, or no list of ids.
enum LineError: Error, CustomStringConvertible {
  case notUTF8
  case notIDs(reason: String)

  var description: String {
    switch self {
    case .notUTF8: "The text is not UTF-8. Convert it first, for example with iconv."
    case .notIDs(let reason): "Not a JSON list of token ids, such as [1, 52, 5, 1]: \(reason)"
    }
  }
}

/// A line of `--ids`.
struct TokenIDs {
  let ids: [Int]

  init(_ line: [UInt8]) throws {
    let value: JSONValue
    do { value = try JSONValue(parsing: line) } catch { throw LineError.notIDs(reason: "\(error)") }
    guard let array = value.array else { throw LineError.notIDs(reason: "it is no list.") }
    ids = try array.map { element in
      guard let id = element.int else {
        throw LineError.notIDs(reason: "\(element) is no integer.")
      }
      return id
    }
  }
}
