internal import ArgumentParser
internal import Thimble
internal import ThimbleArchitecture
internal import ThimbleJSON
internal import ThimbleModel
internal import ThimbleSystem

struct Tag: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Finds names and other parts of texts that a model was fine-tuned to label.",
    discussion: """
      MODEL is a .thimble file made from an XLMForTokenClassification checkpoint, or that checkpoint. Without TEXT, or \
      with -, every line of standard input is a text, even if it is empty. If a text cannot be answered, its error takes \
      the place of the answer. Labels in IOB, BIOES and BILOU are understood.

      Examples:
        thimble tag ner.thimble "Marie Curie was born in Warsaw."
        thimble tag ner.thimble --json --stride 64 < long-articles.txt
      """)

  @Argument(help: "A .thimble file or a checkpoint.")
  var model: String

  @Argument(help: "Texts. (default: the lines of standard input)")
  var text: [String] = []

  @Option(
    help: ArgumentHelp(
      "What is labelled: every token by itself (none), or words and neighbours with the same label, where a word has the label of its first token (first), the likeliest on average (average) or that of its surest token (max), or tokens go without words (simple).",
      valueName: "strategy"))
  var aggregation = Aggregation.first

  @Option(
    name: .customLong("ignore"), parsing: .singleValue,
    help: ArgumentHelp("A label to leave out; may be repeated. (default: O)", valueName: "label"))
  var ignored: [String] = []

  @Flag(help: "Leave no label out.")
  var all = false

  @Option(
    help: ArgumentHelp(
      "Read a text that is too long in parts, of which neighbours share so many tokens.",
      valueName: "tokens"))
  var stride: Int?

  @OptionGroup var sequence: SequenceOptions

  @Flag(
    help:
      "Print JSON, one line for each text, in the format of Hugging Face's pipeline; start_byte and end_byte count bytes."
  )
  var json = false

  @OptionGroup var lines: LineOptions

  @OptionGroup var passes: PassOptions

  @OptionGroup var options: ModelOptions

  func validate() throws {
    if all, !ignored.isEmpty { throw ValidationError("--all and --ignore contradict each other.") }
    if let stride, stride < 0 { throw ValidationError("--stride \(stride): must be 0 or more.") }
    if stride != nil, sequence.input.ids {
      throw ValidationError("--stride is for texts: with --ids there are no parts.")
    }
    if stride != nil, sequence.input.truncate {
      throw ValidationError("--stride reads all of a text: leave out --truncate.")
    }
  }

  func run() throws {
    try reportingFailure {
      let source = try openSource(model, passes.sizing(options.run), heads: [TokenClassifier.self])
      let tagger = try Tagger(source)
      options.announce(source)
      try sequence.input.check(for: tagger.texts.text)
      try checkLabels(tagger.session.configuration.labels)
      var notices = TextNotices()
      try lines.forEach(text, in: tagger.session) { line in
        let query = try query(line, tagger.texts, &notices)
        return PreparedText<TokenClassifier>(items: query.items) { readings in
          let entities = query.answer(readings)
          return json ? entities.json.text() + "\n" : "\(line.shown)\n" + table(entities)
        }
      } orElse: { line, message in
        json ? errorLine(message) : errorBlock(line, message)
      }
      options.account()
    }
  }

  private var tagOptions: TagOptions {
    var tagOptions = TagOptions()
    tagOptions.aggregation = aggregation
    if all || !ignored.isEmpty { tagOptions.ignored = Set(ignored) }
    tagOptions.stride = stride
    tagOptions.text = sequence.text
    return tagOptions
  }

  /// A label to leave out that there is not leaves nothing out.
  private func checkLabels(_ labels: [String]) throws {
    for label in ignored
    where !labels.contains(where: { $0 == label || $0.hasSuffix("-" + label) }) {
      throw ValidationError(
        "--ignore \(label.printable()): the model has no such label. It has: \(labels.printable(count: 50, limit: 30))."
      )
    }
  }

  private func query(
    _ line: InputText, _ texts: TextEncoder, _ notices: inout TextNotices
  ) throws -> TagQuery {
    if sequence.input.ids { return try TagQuery(ids: try line.ids(), tagOptions, with: texts) }
    notices.look(at: line)
    let query = try TagQuery(try line.string(), tagOptions, with: texts)
    notices.look(texts.text.caution(tokens: query.ids.map { Int32($0) }), at: line)
    return query
  }

  private func table(_ entities: [Entity]) -> String {
    rows(
      entities.map { entity in
        [
          entity.label, entity.text, shortNumber(entity.score, 4),
          entity.bytes.map { "\($0.lowerBound)-\($0.upperBound)" } ?? "",
        ]
      })
  }
}
