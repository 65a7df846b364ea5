internal import ThimbleArchitecture
internal import ThimbleOps
internal import ThimbleSystem

extension Encoder {
  /// Writes one vector for each sequence of `batch`, which was encoded last, to the rows of `output`.
  ///
  /// Only a sequence's own tokens count: there is no padding whose zeros would weigh down a mean.
  func summarize(
    _ kind: XLMConfiguration.Summary.Kind, _ batch: Batch, into output: FloatRows
  ) {
    for sequence in 0..<batch.sequenceCount {
      let rows = batch.rows(ofSequence: sequence)
      let target = sequence * output.stride
      switch kind {
      case .first: copyState(ofRow: rows.lowerBound, to: output, at: target)
      // Hugging Face takes the last column where nobody says which one `cls_index` is.
      case .last, .classIndex, .attention:
        copyState(ofRow: rows.upperBound - 1, to: output, at: target)
      case .mean:
        for column in 0..<hidden.width {
          var sum: Float = 0
          for row in rows { sum += hidden.values[row * hidden.stride + column] }
          output.values[target + column] = sum / Float(rows.count)
        }
      }
    }
  }

  private func copyState(ofRow row: Int, to output: FloatRows, at target: Int) {
    for column in 0..<hidden.width {
      output.values[target + column] = hidden.values[row * hidden.stride + column]
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

/// Makes one vector of each sequence.
public final class SentencePooling {
  private let encoder: Encoder
  private let kind: XLMConfiguration.Summary.Kind
  private let vectors: FloatRows

  /// - Parameter maximumSequences: the most sequences of a batch.
  public init(_ encoder: Encoder, _ pooling: Pooling, maximumSequences: Int) throws(ModelError) {
    self.encoder = encoder
    kind = pooling == .mean ? .mean : .first
    do {
      vectors = try FloatRows(rows: maximumSequences, width: encoder.configuration.embeddingSize)
    } catch { throw .system(error) }
  }

  /// The vectors of the sequences of `batch`, which was encoded last; at most `maximumSequences`.
  public func vectors(_ batch: Batch) -> [[Float]] {
    encoder.summarize(kind, batch, into: vectors)
    return (0..<batch.sequenceCount).map { vectors.row($0) }
  }
}

extension FloatRows {
  /// A copy of row `row`.
  func row(_ row: Int) -> [Float] {
    values.withSpan(row * stride..<row * stride + width) { span in span.indices.map { span[$0] } }
  }
}
