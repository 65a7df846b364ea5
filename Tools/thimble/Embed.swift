internal import ArgumentParser
internal import Thimble
internal import ThimbleJSON
internal import ThimbleModel
internal import ThimbleSystem

struct Embed: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Makes vectors of sentences.",
    discussion: """
      Prints one JSON list of numbers for each text, as long as the model is wide. Without TEXT, every line of \
      standard input is a text.

      Examples:
        thimble embed xlm.thimble "A boy plays the guitar." "Ein Junge spielt Gitarre." --cosine
        thimble embed xlm.thimble --normalize < sentences.txt > vectors.jsonl
      """)

  @Argument(help: "A .thimble file or a checkpoint.")
  var model: String

  @Argument(help: "Texts. (default: the lines of standard input)")
  var text: [String] = []

  @Option(
    help: "mean of all tokens, or the first token's state.", transform: Pooling.init(argument:))
  var pooling = Pooling.mean

  @Flag(help: "Scale vectors to length 1.")
  var normalize = false

  @Flag(help: "Print the cosine of the first text with each of the others instead.")
  var cosine = false

  @OptionGroup var input: TextInputOptions

  @OptionGroup var options: ModelOptions

  func run() throws {
    try reportingFailure {
      let embedder = try SentenceEmbedder(try openSource(model, options.run), pooling: pooling)
      var first: [Float]?
      try warn(embedder.sequences.text.warning(language: input.language, input.convention))
      try forEachText(text) { line in
        let raw = try embedder.embed([input.input(line, embedder.sequences)])[0]
        let vector = normalize || cosine ? normalized(raw) : raw
        if cosine {
          if let first {
            let product = zip(first, vector).reduce(0) { $0 + Double($1.0) * Double($1.1) }
            try StandardStream.output.write(
              "\(decimal(product, 4))  \(String(decoding: line, as: UTF8.self))\n")
          } else {
            first = vector
          }
        } else {
          try StandardStream.output.write(
            JSONValue.array(vector.map { JSONValue($0) }).text() + "\n")
        }
      }
    }
  }

  private func normalized(_ vector: [Float]) -> [Float] {
    let squares = vector.reduce(0) { $0 + Double($1) * Double($1) }
    guard squares > 0 else { return vector }
    return vector.map { Float(Double($0) / squares.squareRoot()) }
  }
}

extension Pooling {
  init(argument: String) throws {
    guard let pooling = Pooling(rawValue: argument) else {
      throw ValidationError("--pooling \(argument): there are mean and first.")
    }
    self = pooling
  }
}
