internal import ThimbleArchitecture
public import ThimbleModel

/// How a text is continued.
public struct CompletionOptions: Sendable {
  /// The most tokens to add; at least 1.
  public var length = 20
  /// How tokens are drawn; nil: the likeliest is always taken.
  public var sampling: Sampling?
  /// Where the random numbers of `sampling` begin: with the same one a text is continued in the same way on every machine.
  public var seed: UInt64 = 0
  /// Whether the text ends where the model would end it.
  public var stopsAtEnd = true
  /// How the text is put into the model. Of one that is too long the beginning is cut off, as often as needed.
  public var text = TextOptions()

  public init() {}
}

/// A text and what a causal model has added to it.
public struct Completion: Sendable, Equatable {
  /// Why nothing more was added, in the words of the field.
  public enum Ending: String, Sendable {
    /// The model would have ended the text.
    case end = "stop"
    /// As many tokens were added as were wanted.
    case length
  }

  public struct Token: Sendable, Equatable {
    public let id: Int
    /// What it adds to the text, a space before it included.
    public let text: String
    /// log p of the token, given all before it; that of the model, whatever the temperature.
    public let score: Double
  }

  /// What was given.
  public let prompt: String
  public let tokens: [Token]
  public let ending: Ending
  /// The seed that tokens were drawn with; nil if the likeliest were taken.
  public let seed: UInt64?

  /// What was added.
  public var added: String { tokens.map(\.text).joined() }
  public var text: String { prompt + added }
}

extension LanguageModel {
  /// Continues `query` token by token. Each takes a pass over all the tokens before it.
  ///
  /// - Parameter receive: called with each token as soon as it is known.
  /// - Throws: `ThimbleError`, and what `receive` throws.
  public func complete(
    _ query: CompletionQuery, receive: (Completion.Token) throws -> Void = { _ in }
  ) throws -> Completion {
    let options = query.options
    var random = SplitMix64(state: options.seed)
    func completion(_ tokens: [Completion.Token], _ ending: Completion.Ending) -> Completion {
      Completion(
        prompt: query.prompt, tokens: tokens, ending: ending,
        seed: options.sampling == nil ? nil : options.seed)
    }
    var context = query.context
    var tokens: [Completion.Token] = []
    while tokens.count < options.length {
      let choice = options.sampling.map {
        MaskedLanguageModel.Choice.drawn($0, point: random.nextFraction())
      }
      let choices = try session.read(
        MaskedLanguageModel.self, [query.next(after: context, choice ?? .best(1))])
      guard let best = choices.first?.first?.first else { break }
      if options.stopsAtEnd, best.id == configuration.specialIDs.end {
        return completion(tokens, .end)
      }
      let space = query.separates(context, isFirst: tokens.isEmpty) ? " " : ""
      let token = Completion.Token(
        id: best.id, text: space + text.text(of: best.id), score: best.logProbability)
      tokens.append(token)
      try receive(token)
      context.append(Int32(best.id))
      query.cut(&context)
    }
    return completion(tokens, .length)
  }
}
