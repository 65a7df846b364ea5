public import ThimbleArchitecture
internal import ThimbleOps
internal import ThimbleSystem

/// The head of XLMForMultipleChoice: how well a sequence, a prompt with one of its choices, fits.
public final class MultipleChoice: Head {
  public struct Query: Sendable { public init() {} }
  /// The score of the choice: a softmax over those of all choices of a prompt makes probabilities of them.
  public typealias Reading = Float

  private let summary: SequenceSummary
  private let score: HeadLayer

  public static var kinds: [HeadKind] { [.multipleChoice] }
  public static var probe: Query { Query() }

  public static func rows(of query: Query) -> [Int]? { nil }

  public static func readingSize(of query: Query, _ configuration: ModelConfiguration) -> Int {
    MemoryLayout<Float>.stride
  }

  public static func isFinite(_ reading: Float) -> Bool { reading.isFinite }

  public static func memory(_ configuration: ModelConfiguration, _ size: HeadSize) -> HeadMemory {
    HeadMemory(
      own: SequenceSummary.byteCount(configuration, size)
        + HeadLayer.byteCount(
          rows: size.sequences, from: configuration.labels.count, to: 1, size.activations))
  }

  /// - Throws: `ModelError.head` if there is none, or its summary has not the width that its layer takes.
  public init(
    _ provider: any WeightProvider, on encoder: Encoder, _ size: HeadSize
  ) throws(ModelError) {
    try Self.require(of: provider)
    let configuration = provider.configuration
    guard configuration.summaryWidth == configuration.labels.count else {
      throw .head(
        path: provider.path,
        reason:
          "the summary of a choice has \(configuration.summaryWidth) values, and the layer that scores it takes one for each of the \(configuration.labels.count) labels."
      )
    }
    summary = try SequenceSummary(provider, on: encoder, size)
    score = try HeadLayer(
      configuration.choiceScore, of: provider, on: encoder, rows: size.sequences)
  }

  public func read(
    _ sequences: [(query: Query, rows: Range<Int>)],
    _ deliver: (_ index: Int, _ reading: Float) -> Void
  ) throws(ModelError) {
    for start in stride(from: 0, to: sequences.count, by: summary.maximumSequences) {
      let round = start..<min(start + summary.maximumSequences, sequences.count)
      let summaries = try summary.compute(sequences[round].map(\.rows))
      for place in 0..<round.count { score.input.copy(place, of: summaries, to: place) }
      try score.compute(rows: round.count)
      for index in round { deliver(index, score.output.row(index - start)[0]) }
    }
  }
}
