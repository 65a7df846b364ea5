public import ThimbleArchitecture
internal import ThimbleOps
internal import ThimbleSystem

/// The last hidden states of a sequence's tokens as they are: what any encoder can give.
public final class TokenVectors: Head {
  /// The tokens whose states are wanted.
  public typealias Query = Range<Int>
  /// The states, one behind the other, each as wide as the model.
  public typealias Reading = [Float]

  private let encoder: Encoder

  public static var kinds: [HeadKind] { [] }

  public static func rows(of query: Range<Int>) -> [Int]? { Array(query) }

  public static func readingSize(
    of query: Range<Int>, _ configuration: ModelConfiguration
  ) -> Int {
    query.count * configuration.embeddingSize * MemoryLayout<Float>.stride
  }

  public static func isFinite(_ reading: [Float]) -> Bool { reading.allSatisfy(\.isFinite) }

  public static var probe: Range<Int> { 0..<3 }

  public static func memory(_ configuration: ModelConfiguration, _ size: HeadSize) -> HeadMemory {
    HeadMemory()
  }

  public init(
    _ provider: any WeightProvider, on encoder: Encoder, _ size: HeadSize
  ) throws(ModelError) {
    self.encoder = encoder
  }

  public func read(
    _ sequences: [(query: Range<Int>, rows: Range<Int>)],
    _ deliver: (_ index: Int, _ reading: [Float]) -> Void
  ) throws(ModelError) {
    let hidden = encoder.hidden
    for (index, sequence) in sequences.enumerated() {
      var states: [Float] = []
      states.reserveCapacity(sequence.rows.count * hidden.width)
      for row in sequence.rows { states += hidden.row(row) }
      deliver(index, states)
    }
  }
}
