public import ThimbleArchitecture
internal import ThimbleOps
internal import ThimbleSystem

/// The head of XLMForSequenceClassification: a score of every class for each sequence.
public final class SequenceClassifier: Head {
  /// All classes are wanted.
  public struct Query: Sendable { public init() {} }
  /// The score of every class before softmax or sigmoid, in the order of their ids.
  public typealias Reading = [Float]

  private let summary: SequenceSummary

  public static var kinds: [HeadKind] { [.sequenceClassification] }
  public static var probe: Query { Query() }

  public static func rows(of query: Query) -> [Int]? { nil }

  public static func readingSize(of query: Query, _ configuration: ModelConfiguration) -> Int {
    configuration.summaryWidth * MemoryLayout<Float>.stride
  }

  public static func isFinite(_ reading: [Float]) -> Bool { reading.allSatisfy(\.isFinite) }

  public static func memory(_ configuration: ModelConfiguration, _ size: HeadSize) -> HeadMemory {
    HeadMemory(own: SequenceSummary.byteCount(configuration, size))
  }

  public init(
    _ provider: any WeightProvider, on encoder: Encoder, _ size: HeadSize
  ) throws(ModelError) {
    // A summary without a layer has no tensor that shows what it is for; a head for something else does.
    if provider.configuration.summaryProjection != nil
      || provider.heads.contains(where: { $0 != .languageModel })
    {
      try Self.require(of: provider)
    }
    summary = try SequenceSummary(provider, on: encoder, size)
  }

  public func read(
    _ sequences: [(query: Query, rows: Range<Int>)],
    _ deliver: (_ index: Int, _ reading: [Float]) -> Void
  ) throws(ModelError) {
    for start in stride(from: 0, to: sequences.count, by: summary.maximumSequences) {
      let round = start..<min(start + summary.maximumSequences, sequences.count)
      let result = try summary.compute(sequences[round].map(\.rows))
      for index in round { deliver(index, result.row(index - start)) }
    }
  }
}
