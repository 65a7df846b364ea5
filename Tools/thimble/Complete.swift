internal import ArgumentParser
internal import Thimble
internal import ThimbleJSON
internal import ThimbleModel
internal import ThimbleSystem

struct Complete: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Continues texts with a causal model.",
    discussion: """
      Adds the likeliest token, again and again, and prints it as it comes. With --temperature, --top-k, --top-p or \
      --seed, tokens are drawn at random instead: the same seed continues a text in the same way, whatever the machine \
      and the number of threads. Each token takes a pass over all the text before it, so keep texts and --length short. \
      Where the model has no room for both, the text is refused; with --truncate it loses its beginning. Without TEXT, \
      or with -, every line of standard input is a text. If a text cannot be continued, its error \
      takes the place of the answer.

      Examples:
        thimble complete clm.thimble "The president of the"
        thimble complete clm.thimble --lang fr "Il est né à" --temperature 0.8 --top-p 0.9 --seed 7
        thimble complete xlm-clm-enfr-1024 --causal --lang en --json < beginnings.txt
      """)

  @Argument(help: "A .thimble file or a checkpoint.")
  var model: String

  @Argument(help: "Texts. (default: the lines of standard input)")
  var text: [String] = []

  @Option(help: "The most tokens to add, 1 to 10000.")
  var length = 20

  @Flag(inversion: .prefixedNo, help: "Stop where the model would end the text.")
  var stop = true

  @OptionGroup var sampling: SamplingOptions

  @OptionGroup var causality: CausalOptions

  @OptionGroup var input: InputOptions

  @Flag(help: "Print JSON, one line for each text, when it is complete.")
  var json = false

  @OptionGroup var lines: LineOptions

  @OptionGroup var options: ModelOptions

  func validate() throws {
    guard (1...10_000).contains(length) else {
      throw ValidationError("--length \(length): must be 1 to 10000.")
    }
  }

  func run() throws {
    try reportingFailure {
      let source = try causality.open(model, options.run)
      let model = try LanguageModel(source)
      try model.text.checkCausal()
      options.announce(source)
      try input.check(for: model.text)
      let completing = self.completing
      var notices = TextNotices()
      try lines.forEach(text) { line in
        let query = try query(line, completing, model.texts, &notices)
        if json {
          try StandardStream.output.write(try model.complete(query).json.text() + "\n")
        } else {
          try print(query, model)
        }
      } orElse: { _, message in
        try StandardStream.output.write(json ? errorLine(message) : "\n")
      }
      if sampling.isRandom, sampling.seed == nil {
        warn("drawn with --seed \(completing.seed)")
      }
      options.account()
    }
  }

  private var completing: CompletionOptions {
    var completing = CompletionOptions()
    completing.length = length
    completing.sampling = sampling.sampling
    completing.seed = UInt64(sampling.seed ?? .random(in: 0...UInt32.max))
    completing.stopsAtEnd = stop
    completing.text = input.text
    return completing
  }

  private func query(
    _ line: InputText, _ completing: CompletionOptions, _ texts: TextEncoder,
    _ notices: inout TextNotices
  ) throws -> CompletionQuery {
    if input.ids { return try CompletionQuery(ids: try line.ids(), completing, with: texts) }
    notices.look(at: line)
    let query = try CompletionQuery(try line.string(), completing, with: texts)
    notices.look(texts.text.caution(tokens: query.tokens), at: line)
    return query
  }

  /// One line, as it grows.
  private func print(_ query: CompletionQuery, _ model: LanguageModel) throws {
    try StandardStream.output.write(query.prompt.printable(limit: .max))
    _ = try model.complete(query) { token in
      try StandardStream.output.write(token.text.printable(limit: .max))
    }
    try StandardStream.output.write("\n")
  }
}

/// How tokens are drawn.
struct SamplingOptions: ParsableArguments {
  @Option(
    help:
      "Draw tokens at random: below 1 the likely ones more often, above 1 less often. 0: take the likeliest. (default: 1 with --top-k, --top-p or --seed, else 0)"
  )
  var temperature: Double?

  @Option(help: "Draw only among so many of the likeliest tokens, 1 to 1000.")
  var topK: Int?

  @Option(
    help: ArgumentHelp(
      "Draw only among the likeliest tokens that together have this share, above 0 to 1.",
      valueName: "share"))
  var topP: Double?

  @Option(
    help: "The number that the draws of each text begin from. (default: another one in each run)")
  var seed: UInt32?

  func validate() throws {
    if let temperature, !(temperature >= 0 && temperature <= 100) {
      throw ValidationError("--temperature \(temperature): must be 0 to 100.")
    }
    if let topK, !(1...1000).contains(topK) {
      throw ValidationError("--top-k \(topK): must be 1 to 1000.")
    }
    if let topP, !(topP > 0 && topP <= 1) {
      throw ValidationError("--top-p \(topP): must be above 0 and at most 1.")
    }
    let drawing = [("--top-k", topK != nil), ("--top-p", topP != nil), ("--seed", seed != nil)]
    if temperature == 0, let (name, _) = drawing.first(where: { $0.1 }) {
      throw ValidationError("\(name) has no effect with --temperature 0: nothing is drawn.")
    }
  }

  var isRandom: Bool { sampling != nil }

  var sampling: Sampling? {
    let isWanted = temperature != nil || topK != nil || topP != nil || seed != nil
    guard isWanted, temperature != 0 else { return nil }
    var sampling = Sampling()
    sampling.temperature = temperature ?? 1
    sampling.topK = topK
    sampling.topP = topP ?? 1
    return sampling
  }
}
