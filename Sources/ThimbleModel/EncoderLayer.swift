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
  let inner: LinearGroup
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
    inner = LinearGroup([
      (
        try provider.linear("\(feedForward).lin1", outputs: innerWidth, inputs: width),
        workspace.feedForward
      )
    ])
    outer = LinearGroup([
      (
        try provider.linear("\(feedForward).lin2", outputs: width, inputs: innerWidth),
        workspace.update
      )
    ])
    feedForwardNorm = try provider.layerNorm("transformer.layer_norm2.\(layer)")
  }
}
