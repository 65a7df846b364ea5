public import ThimbleArchitecture
internal import ThimbleOps
internal import ThimbleSystem

/// The head of XLMForTokenClassification: a score of every label for each token.
public final class TokenClassifier: Head {
  /// The tokens of a sequence that are to be labelled.
  public struct Query: Sendable {
    public let tokens: Range<Int>

    public init(_ tokens: Range<Int>) { self.tokens = tokens }
  }
  /// For each token, one after the other, the score of every label before softmax, in the order of their ids.
  public typealias Reading = [Float]

  private let layer: HeadLayer

  public static var kinds: [HeadKind] { [.tokenClassification] }
  public static var probe: Query { Query(1..<2) }

  public static func rows(of query: Query) -> [Int]? { Array(query.tokens) }

  public static func readingSize(of query: Query, _ configuration: ModelConfiguration) -> Int {
    query.tokens.count * configuration.labels.count * MemoryLayout<Float>.stride
  }

  public static func isFinite(_ reading: [Float]) -> Bool { reading.allSatisfy(\.isFinite) }

  public static func memory(_ configuration: ModelConfiguration, _ size: HeadSize) -> HeadMemory {
    HeadMemory(
      own: HeadLayer.byteCount(
        rows: size.sequences, from: configuration.embeddingSize, to: configuration.labels.count,
        size.activations))
  }

  public init(
    _ provider: any WeightProvider, on encoder: Encoder, _ size: HeadSize
  ) throws(ModelError) {
    try Self.require(of: provider)
    layer = try HeadLayer(
      provider.configuration.tokenLabels, of: provider, on: encoder, rows: size.sequences)
  }

  public func read(
    _ sequences: [(query: Query, rows: Range<Int>)],
    _ deliver: (_ index: Int, _ reading: [Float]) -> Void
  ) throws(ModelError) {
    let rows = sequences.flatMap { Array($0.rows) }
    var (sequence, reading): (Int, [Float]) = (0, [])
    try layer.computeInRounds(rows.count) {
      layer.take(rows[$0], to: $1)
    } use: { _, place in
      reading += layer.output.row(place)
      let wanted = sequences[sequence].rows.count * layer.output.width
      guard reading.count == wanted else { return }
      deliver(sequence, reading)
      (sequence, reading) = (sequence + 1, [])
    }
  }
}
