internal import ThimbleArchitecture
internal import ThimbleOps
internal import ThimbleSystem

/// The head of XLMForSequenceClassification: a score of every class for each sequence.
public final class SequenceClassifier {
  public let encoder: Encoder
  private let projection: LinearGroup?
  private let summaries: FloatRows
  private let quantized: QuantizedRows
  private let scores: FloatRows
  private let activation: Activation

  private enum Activation: String { case identity, tanh, relu, gelu }

  /// - Parameter maximumSequences: the most sequences of a batch.
  /// - Throws: `ModelError.head` if the model has no such head, or one that is not supported.
  public init(
    _ provider: some WeightProvider, encoder: Encoder, maximumSequences: Int
  ) throws(ModelError) {
    self.encoder = encoder
    let configuration = provider.configuration
    let summary = configuration.summary
    guard summary.kind != .attention else {
      throw .head(
        path: provider.path, reason: "\"summary_type\" is \"attn\", which nobody has implemented.")
    }
    let name = summary.activation.flatMap { $0.isEmpty ? nil : $0 } ?? Activation.identity.rawValue
    guard let activation = Activation(rawValue: name) else {
      throw .head(
        path: provider.path,
        reason: "\"summary_activation\" is \"\(name)\"; tanh, relu and gelu are supported.")
    }
    self.activation = activation
    let width = configuration.embeddingSize
    let outputs =
      summary.usesProjection && summary.projectsToLabels ? configuration.labels.count : width
    do {
      summaries = try FloatRows(rows: maximumSequences, width: width)
      quantized = try QuantizedRows(
        rows: maximumSequences, k: KernelShape.paddedColumns(width),
        precision: encoder.activations)
      scores = try FloatRows(rows: maximumSequences, width: outputs)
    } catch { throw .system(error) }
    guard summary.usesProjection else {
      projection = nil
      return
    }
    let layer = "sequence_summary.summary"
    guard provider.contains("\(layer).weight"), provider.contains("\(layer).bias") else {
      throw .head(
        path: provider.path,
        reason:
          "there is no classification head (\(layer)). A fine-tuned XLMForSequenceClassification has one."
      )
    }
    projection = LinearGroup([(try provider.linear(layer, outputs: outputs, inputs: width), scores)]
    )
  }

  /// The scores of the sequences of `batch`, at most `maximumSequences`, before softmax or sigmoid.
  public func scores(_ batch: Batch) throws(ModelError) -> [[Float]] {
    try encoder.encode(batch)
    let count = batch.sequenceCount
    encoder.summarize(encoder.configuration.summary.kind, batch, into: summaries)
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
