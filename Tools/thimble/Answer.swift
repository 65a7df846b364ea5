internal import ArgumentParser
internal import Thimble
internal import ThimbleJSON
internal import ThimbleModel
internal import ThimbleSystem

struct Answer: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Finds the answers to questions in a text.",
    discussion: """
      MODEL is a .thimble file made from an XLMForQuestionAnsweringSimple or XLMForQuestionAnswering checkpoint, or that \
      checkpoint. A context that is too long is read in overlapping windows. Without --question, every line of \
      standard input is a question about the context. Without a context, every line is a question, a tab and the context \
      of this question.

      Examples:
        thimble answer squad.thimble --question "Where was she born?" --context "Marie Curie was born in Warsaw."
        thimble answer squad.thimble --context-file article.txt --top 3 < questions.txt
      """)

  @Argument(help: "A .thimble file or a checkpoint.")
  var model: String

  @Option(help: "The question. (default: the lines of standard input)")
  var question: String?

  @Option(help: "The text that holds the answer.")
  var context: String?

  @Option(help: ArgumentHelp("A file with the text that holds the answer.", valueName: "path"))
  var contextFile: String?

  @Option(help: ArgumentHelp("Number of answers, best first.", valueName: "number"))
  var top = 1

  @Option(help: ArgumentHelp("The most tokens of an answer.", valueName: "tokens"))
  var longestAnswer = 15

  @Option(
    help: ArgumentHelp(
      "The most tokens of question and context that are read at once.", valueName: "tokens"))
  var window = 384

  @Option(
    help: ArgumentHelp(
      "Tokens that neighbouring windows share. (default: 128, or half of a window's context)",
      valueName: "tokens"))
  var stride: Int?

  @Flag(help: "Let there be no answer, if the model was trained to know: an empty answer then.")
  var allowNone = false

  @Flag(help: "Let answers begin and end inside words.")
  var splitWords = false

  @Option(
    name: .customLong("lang"),
    help: ArgumentHelp("The language of question and context.", valueName: "code"))
  var language: String?

  @Option(
    name: .customLong("compat"),
    help: "Prepare texts as in training (</s> text </s>), or as Hugging Face does (<s> text </s>).")
  var convention = Convention.training

  @Flag(
    inversion: .prefixedNo,
    help: "Add token types, if the model was fine-tuned with them. (default: only with --compat hf)"
  )
  var tokenTypes: Bool?

  @Flag(
    help:
      "Print JSON, one line for each question, with answers in the format of Hugging Face's pipeline; start_byte and end_byte count bytes."
  )
  var json = false

  @OptionGroup var lines: LineOptions

  @OptionGroup var passes: PassOptions

  @OptionGroup var options: ModelOptions

  func validate() throws {
    if context != nil, contextFile != nil {
      throw ValidationError("--context and --context-file contradict each other.")
    }
    if question != nil, context == nil, contextFile == nil {
      throw ValidationError("--question needs --context or --context-file.")
    }
    for (name, value, least) in [
      ("top", top, 1), ("longest-answer", longestAnswer, 1), ("window", window, 8),
      ("stride", stride ?? 0, 0),
    ] where value < least || value > 1_000_000 {
      throw ValidationError("--\(name) \(value): must be \(least) to 1000000.")
    }
  }

  func run() throws {
    try reportingFailure {
      let source = try openSource(
        model, passes.sizing(options.run), heads: [QuestionAnswering.self])
      let answerer = try QuestionAnswerer(source)
      options.announce(source)
      for caution in try answerer.texts.text.cautions(language: language, convention) {
        warn(caution)
      }
      let context = try contextFile.map(Self.text(ofFile:)) ?? context
      try lines.forEach(question.map { [$0] } ?? [], in: answerer.session) { line in
        let (question, context) = try Self.parts(try line.string(), context)
        let query = try AnswerQuery(question, about: context, answerOptions, with: answerer.texts)
        return PreparedText<QuestionAnswering>(items: query.items) { readings in
          let answers = query.answer(readings)
          return json ? answers.json.text() + "\n" : "\(line.shown)\n" + table(answers)
        }
      } orElse: { line, message in
        json ? errorLine(message) : errorBlock(line, message)
      }
      options.account()
    }
  }

  private var answerOptions: AnswerOptions {
    var answerOptions = AnswerOptions()
    answerOptions.top = top
    answerOptions.longestAnswer = longestAnswer
    answerOptions.window = window
    answerOptions.stride = stride
    answerOptions.allowsNone = allowNone
    answerOptions.alignsToWords = !splitWords
    answerOptions.text.convention = convention
    answerOptions.text.addsTypes = tokenTypes
    answerOptions.text.language = language
    return answerOptions
  }

  private static func text(ofFile path: String) throws -> String {
    guard let text = try MappedFile(path: path).bytes.utf8String() else { throw LineError.notUTF8 }
    return text
  }

  /// The question and the context of a line.
  private static func parts(
    _ line: String, _ context: String?
  ) throws -> (question: String, context: String) {
    if let context { return (line, context) }
    guard let tab = line.firstIndex(of: "\t") else { throw LineError.noTab }
    return (String(line[..<tab]), String(line[line.index(after: tab)...]))
  }

  private func table(_ answers: Answers) -> String {
    rows(
      answers.answers.map { answer in
        [
          answer.text.isEmpty ? "(no answer)" : answer.text, shortNumber(answer.score, 4),
          answer.text.isEmpty ? "" : "\(answer.bytes.lowerBound)-\(answer.bytes.upperBound)",
        ]
      })
  }
}
