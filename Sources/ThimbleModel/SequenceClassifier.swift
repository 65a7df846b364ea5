internal import ThimbleArchitecture
internal import ThimbleOps
internal import ThimbleSystem

/// The head of XLMForSequenceClassification: a score of every class for each sequence.
public final class SequenceClassifier {
  public let encoder: Encoder
  /// The most sequences that are scored at once.
  public let maximumSequences: Int
  private let projection: LinearGroup?
  private let summaries: FloatRows
  private let quantized: QuantizedRows
  private let scores: FloatRows
  private let activation: Activation

  private enum Activation: String { case identity, tanh, relu, gelu }

  /// - Parameter maximumSequences: the most sequences that are scored at once.
  /// - Throws: `ModelError.head` if the model has no such head, or one that is not supported.
  public init(
    _ provider: some WeightProvider, encoder: Encoder, maximumSequences: Int
  ) throws(ModelError) {
    self.encoder = encoder
    self.maximumSequences = maximumSequences
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

  /// The scores of at most `maximumSequences` sequences before softmax or sigmoid.
  ///
  /// - Parameter sequences: for each its rows of the hidden states that were encoded last.
  public func scores(
    ofRows sequences: some Collection<Range<Int>>
  ) throws(ModelError) -> [[Float]] {
    let count = sequences.count
    for (index, rows) in sequences.enumerated() {
      encoder.summarize(encoder.configuration.summary.kind, rows, into: summaries, at: index)
    }
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
    return (0..<count).map { result.row($0).map(activated) }
  }

  private func activated(_ value: Float) -> Float {
    switch activation {
    case .identity, .gelu: value
    case .relu: max(value, 0)
    case .tanh: Float(1 - 2 / (exponential(2 * Double(value)) + 1))
    }
  }
}
