extension ModelConfiguration {
  /// The layer that scores the vocabulary. Its matrix is that of the token embeddings if the two are tied.
  public var vocabularyOutput: LinearSlot {
    let own = LinearSlot(TensorName.vocabularyOutput, from: embeddingSize, to: vocabularySize)
    return tiesOutputEmbedding
      ? LinearSlot(weight: tokenEmbedding, bias: own.bias) : own
  }

  /// The layer behind the summary of a sequence; nil if there is none.
  public var summaryProjection: LinearSlot? {
    guard summary.usesProjection else { return nil }
    return LinearSlot("sequence_summary.summary", from: embeddingSize, to: summaryWidth)
  }

  /// Values of a sequence's summary.
  public var summaryWidth: Int {
    summary.usesProjection && summary.projectsToLabels ? labels.count : embeddingSize
  }

  /// The tensors that `head` adds to the encoder. A tied output matrix is not among them.
  public func tensors(of head: HeadKind) -> [ModelTensor] {
    let d = embeddingSize
    let summary = summaryProjection?.tensors ?? []
    func linear(_ name: String, from inputs: Int, to outputs: Int) -> [ModelTensor] {
      LinearSlot(name, from: inputs, to: outputs).tensors
    }
    switch head {
    case .languageModel:
      return tiesOutputEmbedding ? [vocabularyOutput.bias] : vocabularyOutput.tensors
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
        + NormSlot("\(end).LayerNorm", width: d, .heads).tensors
        + linear("\(end).dense_1", from: d, to: 1)
        + linear("\(answer).dense_0", from: 2 * d, to: d)
        + [LinearSlot("\(answer).dense_1", from: d, to: 1).weight]
    case .multipleChoice:
      return summary + linear("logits_proj", from: labels.count, to: 1)
    }
  }

  /// The tensors of the encoder and of `heads`, each once, in the order of computation.
  public func tensors(withHeads heads: [HeadKind]) -> [ModelTensor] {
    // Two heads may begin with the same summary.
    var names: Set<String> = []
    return (encoderSlots.tensors + heads.flatMap(tensors(of:)))
      .filter { names.insert($0.name).inserted }
  }

  /// The heads that tensors make up: those of which every one `isThere`.
  public func heads(where isThere: (ModelTensor) -> Bool) -> [HeadKind] {
    let heads = HeadKind.allCases.filter {
      let wanted = tensors(of: $0)
      return !wanted.isEmpty && wanted.allSatisfy(isThere)
    }
    // Multiple choice begins with what is all of a classifier, and is none.
    return heads.contains(.multipleChoice) ? heads.filter { $0 != .sequenceClassification } : heads
  }
}
