/// The tensors of Hugging Face's XLMForQuestionAnswering: a score of each start, of each end given a start, and of there being
/// no answer.
public struct AnswerBeamSlots: Sendable {
  public let start: LinearSlot
  /// From a token's state and that of the start, [2 width], to the width.
  public let endInner: LinearSlot
  public let endNorm: NormSlot
  public let endOuter: LinearSlot
  /// From the mean state of the starts and that of the class token, [2 width], to the width.
  public let noneInner: LinearSlot
  /// [1, width], without bias.
  public let noneOuter: ModelTensor

  var tensors: [ModelTensor] {
    start.tensors + endInner.tensors + endNorm.tensors + endOuter.tensors + noneInner.tensors
      + [noneOuter]
  }

  init(width: Int) {
    let (end, none) = ("qa_outputs.end_logits", "qa_outputs.answer_class")
    start = LinearSlot("qa_outputs.start_logits.dense", from: width, to: 1)
    endInner = LinearSlot("\(end).dense_0", from: 2 * width, to: width)
    endNorm = NormSlot("\(end).LayerNorm", width: width, .heads)
    endOuter = LinearSlot("\(end).dense_1", from: width, to: 1)
    noneInner = LinearSlot("\(none).dense_0", from: 2 * width, to: width)
    noneOuter = LinearSlot("\(none).dense_1", from: width, to: 1).weight
  }
}
