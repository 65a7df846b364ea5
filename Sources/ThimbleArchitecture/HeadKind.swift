/// What a checkpoint may have beyond the encoder, by the class of Hugging Face that has it in XLM.
public enum HeadKind: String, Sendable, CaseIterable {
  case languageModel = "XLMWithLMHeadModel"
  case sequenceClassification = "XLMForSequenceClassification"
  case tokenClassification = "XLMForTokenClassification"
  case questionAnswering = "XLMForQuestionAnsweringSimple"
  case beamQuestionAnswering = "XLMForQuestionAnswering"
  case multipleChoice = "XLMForMultipleChoice"

  /// The head that the class `name` of Hugging Face has: "FlaubertForTokenClassification".
  public init?(className name: String) {
    let prefix = ModelConfiguration.Family.flaubert.classPrefix
    self.init(rawValue: name.hasPrefix(prefix) ? "XLM" + name.dropFirst(prefix.count) : name)
  }

  /// The class of Hugging Face that has it in `family`.
  public func className(in family: ModelConfiguration.Family) -> String {
    family.classPrefix + rawValue.dropFirst("XLM".count)
  }

  /// What it is for, in a few words.
  public var purpose: String {
    switch self {
    case .languageModel: "masked words"
    case .sequenceClassification: "classes of texts"
    case .tokenClassification: "classes of tokens, such as names of persons and places"
    case .questionAnswering, .beamQuestionAnswering: "answers to questions"
    case .multipleChoice: "multiple choice"
    }
  }
}
