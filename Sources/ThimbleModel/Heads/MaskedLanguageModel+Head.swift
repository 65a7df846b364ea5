public import ThimbleArchitecture
internal import ThimbleSystem

/// A token and how well it fits a position.
public struct TokenScore: Sendable, Equatable {
  // As narrow as the model has it: a server holds many of these.
  private let token: Int32
  public let logit: Float
  /// Its share of the exponentials of all tokens of the vocabulary.
  public let probability: Double
  /// The natural logarithm of that share, exact where the share itself is 0.
  public let logProbability: Double

  public var id: Int { Int(token) }

  init(id: Int, logit: Float, probability: Double, logProbability: Double) {
    token = Int32(id)
    self.logit = logit
    self.probability = probability
    self.logProbability = logProbability
  }
}

extension MaskedLanguageModel {
  /// Which tokens are wanted at which positions.
  public struct Query: Sendable {
    /// Of the sequence, in increasing order.
    public let positions: [Int]
    public let choice: Choice

    /// - Parameter positions: at least one.
    public init(positions: [Int], choosing choice: Choice) {
      precondition(!positions.isEmpty, "no position is to be scored")
      (self.positions, self.choice) = (positions, choice)
    }

    /// The `count` likeliest tokens for each position.
    ///
    /// - Parameter candidates: the ids among which they are chosen; nil: all of the vocabulary.
    public init(positions: [Int], count: Int, among candidates: [Int]? = nil) {
      self.init(positions: positions, choosing: .best(count, among: candidates))
    }
  }

  /// Which tokens are read at each position.
  public enum Choice: Sendable {
    /// The likeliest, best first, of the candidates or of all the vocabulary; equal ones by id.
    case best(Int, among: [Int]? = nil)
    /// For each position one token that is known.
    case given([Int])
    /// One token, drawn: `point` is uniform in 0..<1.
    case drawn(Sampling, point: Double)
  }

  /// For each position the tokens that were chosen.
  public typealias Reading = [[TokenScore]]

  public static var kinds: [HeadKind] { [.languageModel] }
  public static var probe: Query { Query(positions: [1], count: 1) }

  public static func rows(of query: Query) -> [Int]? { query.positions }

  public static func scoredRows(of query: Query) -> Int { query.positions.count }

  public static func readingSize(of query: Query, _ configuration: ModelConfiguration) -> Int {
    let count =
      switch query.choice {
      case .best(let count, let candidates):
        min(count, candidates?.count ?? configuration.vocabularySize)
      case .given, .drawn: 1
      }
    return query.positions.count * count * MemoryLayout<TokenScore>.stride
  }

  public static func isFinite(_ reading: Reading) -> Bool {
    reading.allSatisfy { $0.allSatisfy { $0.probability.isFinite && $0.logit.isFinite } }
  }

  public func read(
    _ sequences: [(query: Query, rows: Range<Int>)],
    _ deliver: (_ index: Int, _ reading: Reading) -> Void
  ) throws(ModelError) {
    let rows = sequences.flatMap { Array($0.rows) }
    var (sequence, reading): (Int, Reading) = (0, [])
    try score(keptRows: rows) { _, logits in
      let (query, rows) = sequences[sequence]
      reading.append(logits.chosen(query.choice, position: reading.count))
      guard reading.count == rows.count else { return }
      deliver(sequence, reading)
      (sequence, reading) = (sequence + 1, [])
    }
  }
}

extension Logits {
  /// The tokens that `choice` wants for the position number `position` of its query.
  fileprivate func chosen(
    _ choice: MaskedLanguageModel.Choice, position: Int
  ) -> [TokenScore] {
    switch choice {
    case .best(let count, let candidates): best(count, among: candidates)
    case .given(let ids): scores(of: [ids[position]])
    case .drawn(let sampling, let point): scores(of: [drawn(sampling, at: point)])
    }
  }

  /// The `count` likeliest of `candidates`, or of all tokens, best first; equal ones by id.
  public func best(_ count: Int, among candidates: [Int]? = nil) -> [TokenScore] {
    scores(
      of: candidates.map { Array(ranked($0).prefix(count)) } ?? top(count))
  }

  private func scores(of ids: [Int]) -> [TokenScore] {
    let logSumExp = logSumExp
    return ids.map {
      TokenScore(
        id: $0, logit: self[$0], probability: probability($0),
        logProbability: Double(self[$0]) - logSumExp)
    }
  }
}
