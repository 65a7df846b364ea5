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
    /// The most tokens for each position.
    public let count: Int
    /// The ids among which they are chosen; nil: all of the vocabulary.
    public let candidates: [Int]?

    /// - Parameter positions: at least one.
    public init(positions: [Int], count: Int, among candidates: [Int]? = nil) {
      precondition(!positions.isEmpty, "no position is to be scored")
      (self.positions, self.count, self.candidates) = (positions, count, candidates)
    }
  }

  /// For each position the likeliest tokens, best first; equal ones by id.
  public typealias Reading = [[TokenScore]]

  public static var kinds: [HeadKind] { [.languageModel] }
  public static var probe: Query { Query(positions: [1], count: 1) }

  public static func rows(of query: Query) -> [Int]? { query.positions }

  public static func scoredRows(of query: Query) -> Int { query.positions.count }

  public static func readingSize(of query: Query, _ configuration: ModelConfiguration) -> Int {
    let count = min(query.count, query.candidates?.count ?? configuration.vocabularySize)
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
      reading.append(logits.best(query.count, among: query.candidates))
      guard reading.count == rows.count else { return }
      deliver(sequence, reading)
      (sequence, reading) = (sequence + 1, [])
    }
  }
}

extension Logits {
  /// The `count` likeliest of `candidates`, or of all tokens, best first; equal ones by id.
  public func best(_ count: Int, among candidates: [Int]? = nil) -> [TokenScore] {
    let ids =
      candidates.map { Array($0.sorted { (-self[$0], $0) < (-self[$1], $1) }.prefix(count)) }
      ?? top(count)
    let logSumExp = logSumExp
    return ids.map {
      TokenScore(
        id: $0, logit: self[$0], probability: probability($0),
        logProbability: Double(self[$0]) - logSumExp)
    }
  }
}
