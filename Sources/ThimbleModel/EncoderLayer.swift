internal import ThimbleArchitecture
internal import ThimbleOps
internal import ThimbleSystem

/// The weights of one layer, bound to the activations they read and write.
struct EncoderLayer {
  let index: Int
  /// Query, key and value projections.
  let projections: LinearGroup
  let output: LinearGroup
  /// That of attention or, where blocks normalise what they read, of the feed-forward block.
  let normBehindAttention: LayerNorm
  let inner: FeedForwardInner
  let outer: LinearGroup
  /// That of the feed-forward block or, where blocks normalise what they read, of the next layer's attention. nil: there
  /// is no next layer.
  let normBehindFeedForward: LayerNorm?

  init(
    _ layer: Int, _ all: [LayerSlots], of provider: some WeightProvider, in workspace: Workspace
  ) throws(ModelError) {
    index = layer
    let slots = all[layer]
    let isPreNorm = provider.configuration.isPreNorm
    normBehindAttention = try provider.layerNorm(
      isPreNorm ? slots.feedForwardNorm : slots.attentionNorm)
    let behind =
      isPreNorm ? all.dropFirst(layer + 1).first?.attentionNorm : slots.feedForwardNorm
    normBehindFeedForward = try behind.map(provider.layerNorm)
    projections = LinearGroup([
      (try provider.linear(slots.query), workspace.query),
      (try provider.linear(slots.key), workspace.key),
      (try provider.linear(slots.value), workspace.value),
    ])
    output = LinearGroup([(try provider.linear(slots.output), workspace.update)])
    outer = LinearGroup([(try provider.linear(slots.outer), workspace.update)])
    inner = try FeedForwardInner(
      try provider.linear(slots.inner), next: outer,
      activation: provider.configuration.activation, in: workspace)
  }
}

/// The first layer of a feed-forward block with its activation function.
struct FeedForwardInner {
  let inputForm: InputForm
  let steps: Steps

  enum Steps {
    /// int8 weights on both sides of the activation function: all in one go.
    case together(ActivatedLinear)
    /// By way of fp32 rows.
    case apart(LinearGroup, FloatRows)
  }

  init(
    _ layer: Linear, next: LinearGroup, activation: ModelConfiguration.Activation,
    in workspace: Workspace
  ) throws(ModelError) {
    inputForm = InputForm(of: layer.weights)
    do {
      if inputForm.precision == .int8, next.inputForm.precision == .int8 {
        steps = .together(
          try ActivatedLinear(
            layer, activation: activation.operation,
            nextFactors: next.inputForm.columnFactors, maximumRows: workspace.hidden.rows,
            tiles: workspace.tiles))
      } else {
        let rows = try workspace.feedForward(width: layer.weights.rows)
        steps = .apart(LinearGroup([(layer, rows)]), rows)
      }
    } catch { throw .system(error) }
  }
}

extension ModelConfiguration.Activation {
  /// What computes it.
  var operation: ActivatedLinear.Activation {
    switch self {
    case .gelu: .gelu
    case .relu: .relu
    }
  }
}
