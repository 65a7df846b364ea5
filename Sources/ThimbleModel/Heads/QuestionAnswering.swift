public import ThimbleArchitecture
internal import ThimbleOps
internal import ThimbleSystem

/// The heads of XLMForQuestionAnsweringSimple and XLMForQuestionAnswering: where in a context the answer to a question is.
public final class QuestionAnswering: Head {
  public typealias Query = AnswerCandidates
  public typealias Reading = AnswerReading

  private let finder: Finder

  private enum Finder {
    case bounds(HeadLayer)
    case beams(AnswerBeamSearch)
  }

  public static var kinds: [HeadKind] { [.questionAnswering, .beamQuestionAnswering] }
  public static var probe: Query { Query(context: 1..<2, none: 0) }

  public static func rows(of query: Query) -> [Int]? { query.places }

  public static func readingSize(of query: Query, _ configuration: ModelConfiguration) -> Int {
    let places = query.places.count
    let starts = min(configuration.startTopCount, places)
    let ends = min(configuration.endTopCount, places)
    return max(
      2 * places * MemoryLayout<Float>.stride,
      starts * (MemoryLayout<AnswerBeam>.stride + ends * MemoryLayout<AnswerPlace>.stride))
  }

  public static func isFinite(_ reading: Reading) -> Bool {
    switch reading {
    case .bounds(let starts, let ends):
      starts.allSatisfy(\.isFinite) && ends.allSatisfy(\.isFinite)
    case .beams(let beams, let none):
      none.isFinite
        && beams.allSatisfy { beam in
          beam.start.probability.isFinite && beam.ends.allSatisfy(\.probability.isFinite)
        }
    }
  }

  public static func memory(_ configuration: ModelConfiguration, _ size: HeadSize) -> HeadMemory {
    HeadMemory(own: AnswerBeamSearch.byteCount(configuration, size))
  }

  public init(
    _ provider: any WeightProvider, on encoder: Encoder, _ size: HeadSize
  ) throws(ModelError) {
    try Self.require(of: provider)
    finder =
      provider.heads.contains(.beamQuestionAnswering)
      ? .beams(try AnswerBeamSearch(provider, on: encoder, size))
      : .bounds(
        try HeadLayer(
          provider.configuration.answerBounds, of: provider, on: encoder, rows: size.sequences))
  }

  public func read(
    _ sequences: [(query: Query, rows: Range<Int>)],
    _ deliver: (_ index: Int, _ reading: Reading) -> Void
  ) throws(ModelError) {
    for (index, (query, rows)) in sequences.enumerated() {
      switch finder {
      case .beams(let search): deliver(index, try search.read(query, rows))
      case .bounds(let layer):
        var (starts, ends): ([Float], [Float]) = ([], [])
        try layer.computeInRounds(rows.count) {
          layer.take(rows.lowerBound + $0, to: $1)
        } use: {
          _, place in
          let scores = layer.output.row(place)
          starts.append(scores[0])
          ends.append(scores[1])
        }
        deliver(index, .bounds(starts: starts, ends: ends))
      }
    }
  }
}
