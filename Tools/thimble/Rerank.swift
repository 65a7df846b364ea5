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

  @OptionGroup var options: ModelOptions

  func validate() throws {
    if let top, top < 1 { throw ValidationError("--top \(top): must be 1 or more.") }
    if sequence.input.ids {
      throw ValidationError("--ids does not go with rerank: query and texts are paired as texts.")
    }
  }

  func run() throws {
    try reportingFailure {
      let source = try openSource(model, options.run, heads: [SequenceClassifier.self])
      let classifier = try TextClassifier(source)
      options.announce(source)
      try sequence.input.check(for: classifier.texts.text)
      let relevance = try Relevance(
        Classes(classifier.session.configuration), label: label)
      var ranking = Ranking(classifier, relevance, isRaw: raw)
      var (notices, number) = (TextNotices(), 0)
      var failure: (any Error)?
      do {
        try lines.forEach(text) { line in
          defer { number += 1 }
          notices.look(at: line)
          let input = try classifier.texts.input(
            query, pairedWith: try line.string(), sequence.text)
          notices.look(classifier.texts.text.caution(tokens: input.ids), at: line)
          try ranking.add(input, line.bytes, number: number)
        } orElse: { line, message in
          ranking.add(error: message, line.bytes, number: number - 1)
        }
      } catch let error as ExitCode { failure = error }
      try write(try ranking.sorted())
      options.account()
      if let failure { throw failure }
    }
  }

  private func write(_ ranked: [Ranking.Entry]) throws {
    var left = top ?? .max
    for entry in ranked {
      guard case .success(let score) = entry.score else {
        try StandardStream.output.write(errorText(entry))
        continue
      }
      guard left > 0 else { continue }
      left -= 1
      let text = String(printable: entry.text.span, limit: 1000)
      try StandardStream.output.write(
        json
          ? JSONValue.object([
            "index": JSONValue(entry.number), "score": .number(score),
            "text": .string(String(decoding: entry.text, as: UTF8.self)),
          ]).text() + "\n" : "\(Self.column(shortNumber(score, 4)))  \(text)\n")
    }
  }

  private func errorText(_ entry: Ranking.Entry) -> String {
    guard json, case .failure(let error) = entry.score else {
      return "\(Self.column("error"))  \(String(printable: entry.text.span, limit: 1000))\n"
    }
    return JSONValue.object([
      "index": JSONValue(entry.number), "error": .string(error.message),
    ]).text() + "\n"
  }

  private static func column(_ text: String) -> String {
    String(repeating: " ", count: max(9 - text.count, 0)) + text
  }
}

/// Scores texts, many at a time, and sorts them at the end.
private struct Ranking {
  struct Entry {
    /// Among all texts, from 0.
    let number: Int
    let text: [UInt8]
    let score: Result<Double, Unscored>
  }

  /// Why a text has no score.
  struct Unscored: Error { let message: String }

  private let classifier: TextClassifier
  private let relevance: Relevance
  private let isRaw: Bool
  private var entries: [Entry] = []
  private var waiting: [(input: SequenceInput, text: [UInt8], number: Int)] = []

  /// Texts that are scored together: enough to fill passes.
  private static let atOnce = 64

  init(_ classifier: TextClassifier, _ relevance: Relevance, isRaw: Bool) {
    (self.classifier, self.relevance, self.isRaw) = (classifier, relevance, isRaw)
  }

  mutating func add(_ input: SequenceInput, _ text: [UInt8], number: Int) throws {
    waiting.append((input, text, number))
    if waiting.count == Self.atOnce { try score() }
  }

  mutating func add(error message: String, _ text: [UInt8], number: Int) {
    entries.append(Entry(number: number, text: text, score: .failure(Unscored(message: message))))
  }

  private mutating func score() throws {
    let logits = try classifier.logits(waiting.map(\.input))
    for (item, logits) in zip(waiting, logits) {
      let score = relevance.score(logits, isRaw: isRaw)
      entries.append(Entry(number: item.number, text: item.text, score: .success(score)))
    }
    waiting.removeAll(keepingCapacity: true)
  }

  /// Best first, equal ones in their order, and at the end those without a score.
  mutating func sorted() throws -> [Entry] {
    if !waiting.isEmpty { try score() }
    func key(_ entry: Entry) -> (Double, Int) {
      ((try? entry.score.get()).map { -$0 } ?? .infinity, entry.number)
    }
    return entries.sorted { key($0) < key($1) }
  }
}
