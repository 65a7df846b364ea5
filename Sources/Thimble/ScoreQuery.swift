internal import ThimbleArchitecture
public import ThimbleModel
internal import ThimbleSystem
internal import ThimbleText

/// What a token is scored by.
public enum ScoreMethod: String, Sendable, CaseIterable {
  /// All of the text but the token, which is masked (Salazar et al., 2020).
  case original
  /// The same without the later tokens of its word, which would give it away (Kauf and Ivanova, 2023).
  case withinWordLeftToRight = "within_word_l2r"
  /// The tokens before it, of which the first is that of the beginning: for causal models.
  case causal
}

/// A text whose likelihood is wanted: the sum of log p of its tokens.
///
/// With a causal model it is their true one, and takes one pass. With another it is their pseudo-log-likelihood, for which
/// each is masked in a copy of the text.
public struct ScoreQuery: Sendable {
  private let sequence: SequenceInput
  /// Where the tokens that are scored stand, and what of the text they are; nil for ids.
  private let scored: [(index: Int, range: Range<Int>?)]
  private let pieces: TextPieces?
  private let method: ScoreMethod
  private let text: ModelText

  /// - Throws: `ThimbleError`, among them `.emptyText` for a text without tokens.
  public init(
    _ string: String, _ method: ScoreMethod = .withinWordLeftToRight,
    _ options: TextOptions = TextOptions(), with texts: TextEncoder
  ) throws(ThimbleError) {
    var tokens: [Token] = []
    try texts.encode(
      string.utf8.span, options.encoding, truncates: options.truncates, into: &tokens)
    let language = try texts.text.languageID(options.language)
    try self.init(
      SequenceInput(ids: tokens.map(\.id), options, language: language),
      scored: tokens.indices.filter { !tokens[$0].isAdded }.map { ($0, tokens[$0].range) },
      pieces: TextPieces(string), method, texts.text)
  }

  /// - Parameter ids: ends included, which are not scored.
  /// - Throws: `ThimbleError`, among them `.emptyText` if there is no other token.
  public init(
    ids: [Int], _ method: ScoreMethod = .withinWordLeftToRight,
    _ options: TextOptions = TextOptions(), with texts: TextEncoder
  ) throws(ThimbleError) {
    let special = texts.text.configuration.specialIDs
    let sequence = try texts.input(ids: ids, options)
    let scored = sequence.ids.indices.filter {
      ![special.beginning, special.end].contains(Int(sequence.ids[$0]))
    }
    try self.init(
      sequence, scored: scored.map { ($0, nil) }, pieces: nil, method, texts.text)
  }

  private init(
    _ sequence: SequenceInput, scored: [(index: Int, range: Range<Int>?)], pieces: TextPieces?,
    _ method: ScoreMethod, _ text: ModelText
  ) throws(ThimbleError) {
    // Nothing stands before the first token that could foretell it.
    let scored = method == .causal ? scored.filter { $0.index > 0 } : scored
    guard !scored.isEmpty else { throw .emptyText }
    if method == .causal { try text.checkCausal() }
    (self.sequence, self.scored, self.pieces) = (sequence, scored, pieces)
    (self.method, self.text) = (method, text)
  }

  /// How many sequences the score takes: one, or one for each token that is masked.
  public var count: Int { method == .causal ? 1 : scored.count }
  /// The tokens of all of them: with masks it grows with the square of the text.
  public var cost: Int { count * sequence.ids.count }
  /// The tokens of the text, ends included.
  public var tokens: [Int32] { sequence.ids }

  /// The sequences, and what is to be read of each.
  public var items: [(sequence: SequenceInput, query: MaskedLanguageModel.Query)] {
    if method == .causal {
      let query = MaskedLanguageModel.Query(
        positions: scored.map { $0.index - 1 }, choosing: .given(scored.map { id($0.index) }))
      return [(sequence, query)]
    }
    return scored.indices.map { number in
      let index = scored[number].index
      return (
        sequence.exchanging(masked(number)),
        .init(positions: [index], count: 1, among: [id(index)])
      )
    }
  }

  private func id(_ index: Int) -> Int { Int(sequence.ids[index]) }

  /// The sequence in which token `number` of those that are scored is masked.
  private func masked(_ number: Int) -> [Int32] {
    let mask = Int32(text.configuration.specialIDs.mask)
    var (ids, index) = (sequence.ids, scored[number].index)
    ids[index] = mask
    guard method == .withinWordLeftToRight else { return ids }
    for next in scored[(number + 1)...] {
      guard !text.endsWord(id(index)), next.index == index + 1 else { break }
      index = next.index
      ids[index] = mask
    }
    return ids
  }

  /// The score that `readings`, one for each of `items`, add up to.
  public func answer(_ readings: some Collection<MaskedLanguageModel.Reading>) -> TextScore {
    // One for each token: with masks each has a reading of its own, else all share one.
    let tokens = zip(scored, readings.joined()).map { place, choices in
      let score = choices.first?.logProbability ?? -.infinity
      let scalars = place.range.flatMap { pieces?.scalars($0) }
      return TextScore.Token(
        id: id(place.index),
        text: place.range.flatMap { pieces?.part($0) } ?? text.text(of: id(place.index)),
        scalars: scalars, score: score)
    }
    return TextScore(
      method: method, score: tokens.reduce(0) { $0 + $1.score }, tokens: tokens,
      wordCount: text.tables == nil ? nil : tokens.count { text.endsWord($0.id) })
  }
}

/// The likelihood of a text, or its pseudo-log-likelihood.
public struct TextScore: Sendable, Equatable {
  public let method: ScoreMethod
  /// The sum over the tokens, in nats: at most 0.
  public let score: Double
  public let tokens: [Token]
  /// How many of the tokens end a word; nil without vocabulary.
  public let wordCount: Int?

  /// The likelihood as a number of equally likely tokens to choose from at each place: exp of the mean of -log p.
  public var perplexity: Double { exponential(-score / Double(tokens.count)) }
  /// The same for each word; nil if no word ends.
  public var wordPerplexity: Double? {
    wordCount.flatMap { $0 > 0 ? exponential(-score / Double($0)) : nil }
  }

  public struct Token: Sendable, Equatable {
    public let id: Int
    /// The part of the text that it stands for.
    public let text: String
    /// Where that is, in Unicode scalars; nil if there is no text.
    public let scalars: Range<Int>?
    /// log p of the token.
    public let score: Double
  }
}

extension LanguageModel {
  /// The likelihood of `query`, in as many passes as it needs.
  public func score(_ query: ScoreQuery) throws(ThimbleError) -> TextScore {
    query.answer(try session.read(MaskedLanguageModel.self, query.items))
  }
}
