internal import ThimbleArchitecture
public import ThimbleModel
internal import ThimbleText

/// Which tokens are masked while one is scored.
public enum ScoreMethod: String, Sendable, CaseIterable {
  /// The token alone (Salazar et al., 2020).
  case original
  /// Also the later tokens of its word, which would give it away (Kauf and Ivanova, 2023).
  case withinWordLeftToRight = "within_word_l2r"
}

/// A text whose pseudo-log-likelihood is wanted: the sum of log p of its tokens, each masked in a copy of the text.
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
    guard !scored.isEmpty else { throw .emptyText }
    (self.sequence, self.scored, self.pieces) = (sequence, scored, pieces)
    (self.method, self.text) = (method, text)
  }

  /// How many sequences the score takes: one for each token that is scored.
  public var count: Int { scored.count }
  /// The tokens of all of them: grows with the square of the text.
  public var cost: Int { scored.count * sequence.ids.count }
  /// The tokens of the text, ends included.
  public var tokens: [Int32] { sequence.ids }

  /// The sequences, and what is to be read of each.
  public var items: [(sequence: SequenceInput, query: MaskedLanguageModel.Query)] {
    scored.indices.map { number in
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
    let tokens = zip(scored, readings).map { place, reading in
      let score = reading.first?.first?.logProbability ?? -.infinity
      let scalars = place.range.flatMap { pieces?.scalars($0) }
      return TextScore.Token(
        id: id(place.index),
        text: place.range.flatMap { pieces?.part($0) } ?? text.text(of: id(place.index)),
        scalars: scalars, score: score)
    }
    return TextScore(score: tokens.reduce(0) { $0 + $1.score }, tokens: tokens)
  }
}

/// The pseudo-log-likelihood of a text.
public struct TextScore: Sendable, Equatable {
  /// The sum over the tokens, in nats: at most 0.
  public let score: Double
  public let tokens: [Token]

  public struct Token: Sendable, Equatable {
    public let id: Int
    /// The part of the text that it stands for.
    public let text: String
    /// Where that is, in Unicode scalars; nil if there is no text.
    public let scalars: Range<Int>?
    /// log p of the token where it is masked.
    public let score: Double
  }
}

extension LanguageModel {
  /// The pseudo-log-likelihood of `query`, in as many passes as it needs.
  public func score(_ query: ScoreQuery) throws(ThimbleError) -> TextScore {
    query.answer(try session.read(MaskedLanguageModel.self, query.items))
  }
}
