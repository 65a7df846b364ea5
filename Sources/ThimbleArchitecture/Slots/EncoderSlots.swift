/// The tensors of an encoder, each in its place: declared here once for whoever runs, converts, calibrates or lists them.
public struct EncoderSlots: Sendable {
  /// [vocabulary, width]
  public let tokens: ModelTensor
  /// [positions, width]
  public let positions: ModelTensor
  /// [languages, width]; nil if the model does not embed languages.
  public let languages: ModelTensor?
  public let embeddingNorm: NormSlot
  public let layers: [LayerSlots]

  /// All of them, in the order of computation.
  public var tensors: [ModelTensor] {
    [tokens, positions] + (languages.map { [$0] } ?? []) + embeddingNorm.tensors
      + layers.flatMap(\.tensors)
  }
}

/// The tensors of one encoder layer.
public struct LayerSlots: Sendable {
  public let query: LinearSlot
  public let key: LinearSlot
  public let value: LinearSlot
  /// The projection of what attention yields.
  public let output: LinearSlot
  public let attentionNorm: NormSlot
  /// The first layer of the feed-forward block.
  public let inner: LinearSlot
  /// The second layer of the feed-forward block.
  public let outer: LinearSlot
  public let feedForwardNorm: NormSlot

  /// All of them, in the order of computation.
  var tensors: [ModelTensor] {
    [query, key, value, output].flatMap(\.tensors) + attentionNorm.tensors
      + [inner, outer].flatMap(\.tensors) + feedForwardNorm.tensors
  }

  fileprivate init(_ layer: Int, width: Int, innerWidth: Int) {
    let attention = "transformer.attentions.\(layer)"
    func projection(_ name: String, _ part: ModelTensor.Part) -> LinearSlot {
      LinearSlot(
        "\(attention).\(name)", from: width, to: width, .attention, layer: layer, part: part)
    }
    query = projection("q_lin", .query)
    key = projection("k_lin", .key)
    value = projection("v_lin", .value)
    output = projection("out_lin", .output)
    attentionNorm = NormSlot("transformer.layer_norm1.\(layer)", width: width, layer: layer)
    let feedForward = "transformer.ffns.\(layer)"
    inner = LinearSlot(
      "\(feedForward).lin1", from: width, to: innerWidth, .feedForward, layer: layer, part: .inner)
    outer = LinearSlot(
      "\(feedForward).lin2", from: innerWidth, to: width, .feedForward, layer: layer, part: .outer)
    feedForwardNorm = NormSlot("transformer.layer_norm2.\(layer)", width: width, layer: layer)
  }
}

extension ModelConfiguration {
  /// Where the tensors are that every checkpoint of this model has.
  public var encoderSlots: EncoderSlots {
    EncoderSlots(
      tokens: tokenEmbedding,
      positions: ModelTensor(
        name: TensorName.positionEmbedding, shape: [maxPositions, embeddingSize],
        role: .positionEmbedding, group: .otherEmbeddings),
      languages: hasLanguageEmbeddings
        ? ModelTensor(
          name: "transformer.lang_embeddings.weight", shape: [languageCount, embeddingSize],
          role: .languageEmbedding, group: .otherEmbeddings) : nil,
      embeddingNorm: NormSlot("transformer.layer_norm_emb", width: embeddingSize),
      layers: (0..<layerCount).map(layerSlots))
  }

  /// [vocabulary, width]
  public var tokenEmbedding: ModelTensor {
    ModelTensor(
      name: TensorName.tokenEmbedding, shape: [vocabularySize, embeddingSize],
      role: .tokenEmbedding, group: .tokenEmbeddings)
  }

  func layerSlots(_ layer: Int) -> LayerSlots {
    LayerSlots(layer, width: embeddingSize, innerWidth: feedForwardSize)
  }
}
