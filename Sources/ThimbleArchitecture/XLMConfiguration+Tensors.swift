extension XLMConfiguration {
  public static let tokenEmbeddingName = "transformer.embeddings.weight"
  public static let outputEmbeddingName = "pred_layer.proj.weight"
  public static let positionEmbeddingName = "transformer.position_embeddings.weight"

  /// The tensors that every checkpoint of this model has, in the order of computation.
  public var encoderTensors: [XLMTensor] {
    var tensors = [
      XLMTensor(
        name: Self.tokenEmbeddingName, shape: [vocabularySize, embeddingSize],
        role: .tokenEmbedding, group: .tokenEmbeddings, layer: nil),
      XLMTensor(
        name: Self.positionEmbeddingName, shape: [maxPositions, embeddingSize],
        role: .positionEmbedding, group: .otherEmbeddings, layer: nil),
    ]
    if hasLanguageEmbeddings {
      tensors.append(
        XLMTensor(
          name: "transformer.lang_embeddings.weight", shape: [languageCount, embeddingSize],
          role: .languageEmbedding, group: .otherEmbeddings, layer: nil))
    }
    tensors += norm("transformer.layer_norm_emb")
    for layer in 0..<layerCount { tensors += self.tensors(ofLayer: layer) }
    return tensors
  }

  /// The tensors of encoder layer `layer`, in the order of computation.
  public func tensors(ofLayer layer: Int) -> [XLMTensor] {
    let d = embeddingSize
    var tensors: [XLMTensor] = []
    for part in ["q_lin", "k_lin", "v_lin", "out_lin"] {
      tensors += linear(
        "transformer.attentions.\(layer).\(part)", from: d, to: d, .attention, layer: layer)
    }
    tensors += norm("transformer.layer_norm1.\(layer)", layer: layer)
    let ffn = "transformer.ffns.\(layer)"
    tensors += linear("\(ffn).lin1", from: d, to: feedForwardSize, .feedForward, layer: layer)
    tensors += linear("\(ffn).lin2", from: feedForwardSize, to: d, .feedForward, layer: layer)
    tensors += norm("transformer.layer_norm2.\(layer)", layer: layer)
    return tensors
  }

  /// The tensors that `head` adds to the encoder. A tied output matrix is not among them.
  public func tensors(of head: XLMHead) -> [XLMTensor] {
    let d = embeddingSize
    let summaryOutputs = summary.projectsToLabels ? labels.count : d
    let summary =
      self.summary.usesProjection
      ? linear("sequence_summary.summary", from: d, to: summaryOutputs) : []
    switch head {
    case .languageModel:
      let output = linear("pred_layer.proj", from: d, to: vocabularySize)
      return tiesOutputEmbedding ? [output[1]] : output
    case .sequenceClassification:
      return summary
    case .tokenClassification:
      return linear("classifier", from: d, to: labels.count)
    case .questionAnswering:
      return linear("qa_outputs", from: d, to: 2)  // a start and an end, whatever the labels
    case .beamQuestionAnswering:
      let end = "qa_outputs.end_logits"
      let answer = "qa_outputs.answer_class"
      return linear("qa_outputs.start_logits.dense", from: d, to: 1)
        + linear("\(end).dense_0", from: 2 * d, to: d)
        + norm("\(end).LayerNorm", group: .heads)
        + linear("\(end).dense_1", from: d, to: 1)
        + linear("\(answer).dense_0", from: 2 * d, to: d)
        + [linear("\(answer).dense_1", from: d, to: 1)[0]]
    case .multipleChoice:
      return summary + linear("logits_proj", from: labels.count, to: 1)
    }
  }

  /// The heads that tensors make up: those of which every one `isThere`.
  public func heads(where isThere: (XLMTensor) -> Bool) -> [XLMHead] {
    let heads = XLMHead.allCases.filter {
      let wanted = tensors(of: $0)
      return !wanted.isEmpty && wanted.allSatisfy(isThere)
    }
    // Multiple choice begins with what is all of a classifier, and is none.
    return heads.contains(.multipleChoice) ? heads.filter { $0 != .sequenceClassification } : heads
  }

  private func linear(
    _ name: String, from inputs: Int, to outputs: Int, _ group: XLMTensor.Group = .heads,
    layer: Int? = nil
  ) -> [XLMTensor] {
    [
      XLMTensor(
        name: "\(name).weight", shape: [outputs, inputs], role: .linearWeight, group: group,
        layer: layer),
      XLMTensor(
        name: "\(name).bias", shape: [outputs], role: .linearBias, group: group, layer: layer),
    ]
  }

  private func norm(
    _ name: String, group: XLMTensor.Group = .norms, layer: Int? = nil
  ) -> [XLMTensor] {
    [
      XLMTensor(
        name: "\(name).weight", shape: [embeddingSize], role: .normGain, group: group, layer: layer),
      XLMTensor(
        name: "\(name).bias", shape: [embeddingSize], role: .normBias, group: group, layer: layer),
    ]
  }
}
