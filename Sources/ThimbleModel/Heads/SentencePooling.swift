public import ThimbleArchitecture
internal import ThimbleOps
internal import ThimbleSystem

extension Encoder {
  /// Makes one vector of the hidden states `rows`, those of one sequence, and writes it to row `target` of `output`.
  ///
  /// Only a sequence's own tokens count: there is no padding whose zeros would weigh down a mean.
  func summarize(
    _ kind: ModelConfiguration.Summary.Kind, _ rows: Range<Int>, into output: FloatRows,
    at target: Int
  ) {
    let summed =
      switch kind {
      case .first: rows.prefix(1)
      // Hugging Face takes the last column where nobody says which one `cls_index` is.
      case .last, .classIndex, .attention: rows.suffix(1)
      case .mean: rows[...]
      }
    let place = target * output.stride
    output.values.withMutableSpan(place..<place + hidden.width) { sum in
      for column in sum.indices { sum[column] = 0 }
      for row in summed {
        let start = row * hidden.stride
        hidden.values.withSpan(start..<start + hidden.width) { state in
          for column in state.indices { sum[column] += state[column] }
        }
      }
      for column in sum.indices { sum[column] /= Float(summed.count) }
    }
  }
}

/// How a sentence becomes one vector.
public enum Pooling: String, Sendable, CaseIterable {
  /// The mean of the hidden states of its tokens.
  case mean
  /// The hidden state of its first token.
  case first
}

/// Makes one vector of each sequence: what any encoder can do.
public final class SentencePooling: Head {
  public typealias Query = Pooling
  /// As many values as the model is wide, of any length.
  public typealias Reading = [Float]

  private let encoder: Encoder
  private let vector: FloatRows

  public static var kinds: [HeadKind] { [] }
  public static var probe: Pooling { .mean }

  public static func rows(of query: Pooling) -> [Int]? { query == .first ? [0] : nil }

  public static func readingSize(of query: Pooling, _ configuration: ModelConfiguration) -> Int {
    configuration.embeddingSize * MemoryLayout<Float>.stride
  }

  public static func isFinite(_ reading: [Float]) -> Bool { reading.allSatisfy(\.isFinite) }

  public static func memory(_ configuration: ModelConfiguration, _ size: HeadSize) -> HeadMemory {
    HeadMemory(own: FloatRows.byteCount(rows: 1, width: configuration.embeddingSize))
  }

  public init(
    _ provider: any WeightProvider, on encoder: Encoder, _ size: HeadSize
  ) throws(ModelError) {
    self.encoder = encoder
    do {
      vector = try FloatRows(rows: 1, width: encoder.configuration.embeddingSize)
    } catch { throw .system(error) }
  }

  public func read(
    _ sequences: [(query: Pooling, rows: Range<Int>)],
    _ deliver: (_ index: Int, _ reading: [Float]) -> Void
  ) throws(ModelError) {
    for (index, (pooling, rows)) in sequences.enumerated() {
      encoder.summarize(pooling == .mean ? .mean : .first, rows, into: vector, at: 0)
      deliver(index, vector.row(0))
    }
  }
}
