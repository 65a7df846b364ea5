internal import ArgumentParser
internal import Thimble
internal import ThimbleJSON
internal import ThimbleModel
internal import ThimbleSystem

struct Embed: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Turns texts into vectors.",
    discussion: """
      Prints one JSON list of numbers for each text: a vector of length 1, with as many numbers as the model is wide. \
      If a text cannot be answered, prints {"error": reason} instead. Without TEXT, or with -, every line of standard \
      input is a text, even if it is empty. A tab is part of a text.

      Examples:
        thimble embed xlm.thimble "A boy plays the guitar." "Ein Junge spielt Gitarre." --cosine
        thimble embed xlm.thimble < sentences.txt > vectors.jsonl
      """)

  @Argument(help: "A .thimble file or a checkpoint.")
  var model: String

  @Argument(help: "Texts. (default: the lines of standard input)")
  var text: [String] = []

  @Option(help: "Make vectors from the mean of all tokens, or from the first token's state.")
  var pooling = Pooling.mean

  @Flag(inversion: .prefixedNo, help: "Scale vectors to length 1, as the server does.")
  var normalize = true

  @Flag(help: "Print the cosine of the first text with each of the others instead.")
  var cosine = false

  @Flag(help: "Print cosines as JSON. Vectors are always JSON.")
  var json = false

  @OptionGroup var sequence: SequenceOptions

  @OptionGroup var lines: LineOptions

  @OptionGroup var passes: PassOptions

  @OptionGroup var options: ModelOptions

  private static let cosineNeeds =
    "--cosine compares the first text with each of the others: give at least two texts."

  func validate() throws {
    if cosine, !normalize {
      throw ValidationError("--no-normalize has no effect with --cosine. Leave one of the two out.")
    }
    if cosine, text.count == 1, text != ["-"] { throw ValidationError(Self.cosineNeeds) }
  }

  func run() throws {
    try reportingFailure {
      let source = try openSource(model, passes.sizing(options.run), heads: [SentencePooling.self])
      let embedder = try SentenceEmbedder(source, pooling: pooling)
      options.announce(source)
      try sequence.input.check(for: embedder.texts.text)
      try cosine ? printCosines(embedder) : printVectors(embedder)
      options.account()
    }
  }

  private func printVectors(_ embedder: SentenceEmbedder) throws {
    var notices = TextNotices()
    try lines.forEach(text, in: embedder.session) { line in
      PreparedText<SentencePooling>(items: [(try input(line, embedder, &notices), pooling)]) {
        let vector = normalize ? $0[0].normalized : $0[0]
        return JSONValue.array(vector.map { JSONValue($0) }).text() + "\n"
      }
    } orElse: { _, message in
      errorLine(message)
    }
  }

  private func printCosines(_ embedder: SentenceEmbedder) throws {
    var notices = TextNotices()
    var first: [Float]?
    let count = try lines.forEach(text, in: embedder.session) { line in
      PreparedText<SentencePooling>(items: [(try input(line, embedder, &notices), pooling)]) {
        let vector = $0[0].normalized
        guard let first else {
          first = vector
          return ""
        }
        let product = zip(first, vector).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        let answer: JSONValue = [
          "cosine": .number(product), "text": .string(String(decoding: line.bytes, as: UTF8.self)),
        ]
        return json ? answer.text() + "\n" : "\(decimal(product, 4))  \(line.shown)\n"
      }
    } orElse: { line, message in
      // Without the first there is nothing to compare the others with.
      guard first != nil else { throw ExitCode(Failure.data.rawValue) }
      return json ? errorLine(message) : "error   \(line.shown)\n"
    }
    if count < 2 { throw ValidationError(Self.cosineNeeds) }
  }

  private func input(
    _ line: InputText, _ embedder: SentenceEmbedder, _ notices: inout TextNotices
  ) throws -> SequenceInput {
    let (texts, text) = (embedder.texts, sequence.text)
    if sequence.input.ids { return try texts.input(ids: try line.ids(), text) }
    notices.look(at: line)
    let input = try texts.input(try line.string(), text)
    notices.look(texts.text.caution(tokens: input.ids), at: line)
    return input
  }
}
