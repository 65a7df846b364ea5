public import ThimbleArchitecture
internal import ThimbleOps
internal import ThimbleSystem

/// The head of XLMForSequenceClassification: a score of every class for each sequence.
public final class SequenceClassifier: Head {
  /// All classes are wanted.
  public struct Query: Sendable { public init() {} }
  /// The score of every class before softmax or sigmoid, in the order of their ids.
  public typealias Reading = [Float]

  private let encoder: Encoder
  private let maximumSequences: Int
  private let projection: LinearGroup?
  private let summaries: FloatRows
  private let quantized: QuantizedRows
  private let scores: FloatRows
  private let activation: Activation

  private enum Activation: String { case identity, tanh, relu, gelu }

  public static var kind: HeadKind? { .sequenceClassification }

  public static func rows(of query: Query) -> [Int]? { nil }

  public static func readingSize(of query: Query, _ configuration: ModelConfiguration) -> Int {
    configuration.summaryWidth * MemoryLayout<Float>.stride
  }

  public static func isFinite(_ reading: [Float]) -> Bool { reading.allSatisfy(\.isFinite) }

  public static func probe(_ configuration: ModelConfiguration) -> Query { Query() }

  public static func memory(_ configuration: ModelConfiguration, _ size: HeadSize) -> HeadMemory {
    let (rows, width) = (size.sequences, configuration.embeddingSize)
    return HeadMemory(
      own: FloatRows.byteCount(rows: rows, width: width)
        + QuantizedRows.byteCount(rows: rows, columns: width, precision: size.activations)
        + FloatRows.byteCount(rows: rows, width: configuration.summaryWidth))
  }

  public init(
    _ provider: any WeightProvider, on encoder: Encoder, _ size: HeadSize
  ) throws(ModelError) {
    self.encoder = encoder
    maximumSequences = size.sequences
    let configuration = provider.configuration
    let summary = configuration.summary
    // What a head for something else computes, even if it begins alike, are no classes of texts.
    let heads = provider.heads
    if !heads.contains(.sequenceClassification), let other = heads.first(where: { !$0.isRunnable })
    {
      throw .head(
        path: provider.path,
        reason: "its head is for \(other.purpose) (\(other.rawValue)), which is not run yet.")
    }
    guard summary.kind != .attention else {
      throw .head(
        path: provider.path, reason: "\"summary_type\" is \"attn\", which is not implemented.")
    }
    let name = summary.activation.flatMap { $0.isEmpty ? nil : $0 } ?? Activation.identity.rawValue
    guard let activation = Activation(rawValue: name) else {
      throw .head(
        path: provider.path,
        reason: "\"summary_activation\" is \"\(name)\"; tanh, relu and gelu are supported.")
    }
    self.activation = activation
    let width = configuration.embeddingSize
    do {
      summaries = try FloatRows(rows: maximumSequences, width: width)
      quantized = try QuantizedRows(
        rows: maximumSequences, k: PanelGeometry.paddedColumns(width),
        precision: encoder.activations)
      scores = try FloatRows(rows: maximumSequences, width: configuration.summaryWidth)
    } catch { throw .system(error) }
    guard let slot = configuration.summaryProjection else {
      projection = nil
      return
    }
    guard heads.contains(.sequenceClassification) else {
      throw .head(
        path: provider.path,
        reason:
          "there is no classification head (\(slot.weight.name)). A fine-tuned XLMForSequenceClassification has one."
      )
    }
    projection = LinearGroup([(try provider.linear(slot), scores)])
  }

  public func read(
    _ sequences: [(query: Query, rows: Range<Int>)],
    _ deliver: (_ index: Int, _ reading: [Float]) -> Void
  ) throws(ModelError) {
    for start in stride(from: 0, to: sequences.count, by: maximumSequences) {
      let round = start..<min(start + maximumSequences, sequences.count)
      for index in round {
        encoder.summarize(
          encoder.configuration.summary.kind, sequences[index].rows, into: summaries,
          at: index - start)
      }
      let result = try project(count: round.count)
      for index in round {
        deliver(index, result.row(index - start).map(activated))
      }
    }
  }

  /// What the first `count` summaries become, but for the functions of `activated`.
  private func project(count: Int) throws(ModelError) -> FloatRows {
    if let projection {
      encoder.quantize(summaries, for: projection.inputForm, into: quantized, rows: count)
      do throws(WeightError) {
        try encoder.compute(projection, summaries, quantized, rows: count)
      } catch { throw .weights(error) }
    }
    let result = projection == nil ? summaries : scores
    if activation == .gelu {
      encoder.kernels.gelu(result.values.from(0), count: count * result.stride)
    }
    return result
  }

  private func activated(_ value: Float) -> Float {
    switch activation {
    case .identity, .gelu: value
    case .relu: max(value, 0)
    case .tanh: Float(1 - 2 / (exponential(2 * Double(value)) + 1))
    }
  }
}
