internal import ThimbleArchitecture
internal import ThimbleOps
internal import ThimbleSystem

/// The weights of one layer, bound to the activations they read and write.
struct EncoderLayer {
  let index: Int
  /// Query, key and value projections.
  let projections: LinearGroup
  let output: LinearGroup
  let attentionNorm: LayerNorm
  let inner: FeedForwardInner
  let outer: LinearGroup
  let feedForwardNorm: LayerNorm

  init(
    _ layer: Int, of provider: some WeightProvider, in workspace: Workspace
  ) throws(ModelError) {
    index = layer
    let width = provider.configuration.embeddingSize
    let innerWidth = provider.configuration.feedForwardSize
    let attention = "transformer.attentions.\(layer)"
    func projection(_ name: String) throws(ModelError) -> Linear {
      try provider.linear("\(attention).\(name)", outputs: width, inputs: width)
    }
    projections = LinearGroup([
      (try projection("q_lin"), workspace.query), (try projection("k_lin"), workspace.key),
      (try projection("v_lin"), workspace.value),
    ])
    output = LinearGroup([(try projection("out_lin"), workspace.update)])
    attentionNorm = try provider.layerNorm("transformer.layer_norm1.\(layer)")
    let feedForward = "transformer.ffns.\(layer)"
    outer = LinearGroup([
      (
        try provider.linear("\(feedForward).lin2", outputs: width, inputs: innerWidth),
        workspace.update
      )
    ])
    inner = try FeedForwardInner(
      try provider.linear("\(feedForward).lin1", outputs: innerWidth, inputs: width),
      next: outer, activation: provider.configuration.activation, in: workspace)
    feedForwardNorm = try provider.layerNorm("transformer.layer_norm2.\(layer)")
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
    _ layer: Linear, next: LinearGroup, activation: XLMConfiguration.Activation,
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

extension XLMConfiguration.Activation {
  /// What computes it.
  var operation: ActivatedLinear.Activation {
    switch self {
    case .gelu: .gelu
    case .relu: .relu
    }
  }
}
