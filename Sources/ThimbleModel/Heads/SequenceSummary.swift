internal import ThimbleArchitecture
internal import ThimbleOps
internal import ThimbleSystem

/// What Hugging Face calls `sequence_summary`: one vector of each sequence's last hidden states, then a linear layer, then a
/// function, as far as the configuration wants them.
struct SequenceSummary {
  /// Sequences that are summarised at once.
  let maximumSequences: Int
  private let encoder: Encoder
  private let projection: HeadLayer?
  private let summaries: FloatRows
  private let activation: Activation

  private enum Activation: String { case identity, tanh, relu, gelu }

  /// - Throws: `ModelError.head` for a summary that is not supported.
  init(
    _ provider: any WeightProvider, on encoder: Encoder, _ size: HeadSize
  ) throws(ModelError) {
    self.encoder = encoder
    maximumSequences = size.sequences
    let configuration = provider.configuration
    let summary = configuration.summary
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
    if let slot = configuration.summaryProjection {
      let layer = try HeadLayer(slot, of: provider, on: encoder, rows: size.sequences)
      (projection, summaries) = (layer, layer.input)
    } else {
      projection = nil
      do {
        summaries = try FloatRows(rows: size.sequences, width: configuration.embeddingSize)
      } catch { throw .system(error) }
    }
  }

  static func byteCount(_ configuration: ModelConfiguration, _ size: HeadSize) -> Int {
    HeadLayer.byteCount(
      rows: size.sequences, from: configuration.embeddingSize, to: configuration.summaryWidth,
      size.activations)
  }

  /// A row for each of `sequences`, at most `maximumSequences`: what their hidden states come to.
  func compute(_ sequences: some Collection<Range<Int>>) throws(ModelError) -> FloatRows {
    for (place, rows) in sequences.enumerated() {
      encoder.summarize(encoder.configuration.summary.kind, rows, into: summaries, at: place)
    }
    let count = sequences.count
    try projection?.compute(rows: count)
    let result = projection?.output ?? summaries
    switch activation {
    case .identity: break
    case .gelu: encoder.kernels.gelu(result.values.from(0), count: count * result.stride)
    case .relu: result.apply(toRows: count) { max($0, 0) }
    case .tanh: result.apply(toRows: count, exactTanh)
    }
    return result
  }
}
