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

  /// The layer that scores the labels of a token.
  public var tokenLabels: LinearSlot {
    LinearSlot("classifier", from: embeddingSize, to: labels.count)
  }

  /// The layer that scores a token as the start and as the end of an answer, whatever the labels.
  public var answerBounds: LinearSlot { LinearSlot("qa_outputs", from: embeddingSize, to: 2) }

  /// The head that finds answers by a beam search over starts.
  public var answerBeam: AnswerBeamSlots { AnswerBeamSlots(width: embeddingSize) }

  /// The layer that scores a choice by its summary.
  public var choiceScore: LinearSlot { LinearSlot("logits_proj", from: labels.count, to: 1) }

  /// The tensors that `head` adds to the encoder. A tied output matrix is not among them.
  public func tensors(of head: HeadKind) -> [ModelTensor] {
    let summary = summaryProjection?.tensors ?? []
    return switch head {
    case .languageModel: tiesOutputEmbedding ? [vocabularyOutput.bias] : vocabularyOutput.tensors
    case .sequenceClassification: summary
    case .tokenClassification: tokenLabels.tensors
    case .questionAnswering: answerBounds.tensors
    case .beamQuestionAnswering: answerBeam.tensors
    case .multipleChoice: summary + choiceScore.tensors
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
