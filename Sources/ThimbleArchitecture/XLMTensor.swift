/// One tensor of a model: what it is called, what it is for, and its shape.
public struct XLMTensor: Sendable, Equatable {
  /// As Hugging Face names it: "transformer.attentions.0.q_lin.weight".
  public let name: String
  /// Rows first. The weights of a linear layer are [outputs, inputs].
  public let shape: [Int]
  public let role: Role
  public let group: Group
  /// The encoder layer that it belongs to.
  public let layer: Int?

  public enum Role: Sendable {
    /// [vocabulary, embedding]
    case tokenEmbedding
    /// [positions, embedding]
    case positionEmbedding
    /// [languages, embedding]
    case languageEmbedding
    case linearWeight
    case linearBias
    case normGain
    case normBias
    /// [inputs]: multiplied into the inputs of linear layers; no part of a checkpoint.
    case columnFactors
  }

  /// The parts of a model that reports tell apart, in their order.
  public enum Group: String, Sendable, CaseIterable {
    case tokenEmbeddings = "token embeddings"
    case otherEmbeddings = "other embeddings"
    case attention
    case feedForward = "feed-forward"
    case norms = "layer norms"
    case heads
  }

  public init(name: String, shape: [Int], role: Role, group: Group, layer: Int?) {
    self.name = name
    self.shape = shape
    self.role = role
    self.group = group
    self.layer = layer
  }

  public var elementCount: Int { shape.reduce(1, *) }
}

/// What a checkpoint may have beyond the encoder, by the class of Hugging Face that has it.
public enum XLMHead: String, Sendable, CaseIterable {
  case languageModel = "XLMWithLMHeadModel"
  case sequenceClassification = "XLMForSequenceClassification"
  case tokenClassification = "XLMForTokenClassification"
  case questionAnswering = "XLMForQuestionAnsweringSimple"
  case beamQuestionAnswering = "XLMForQuestionAnswering"
  case multipleChoice = "XLMForMultipleChoice"

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

  /// Whether the runtime computes it.
  public var isRunnable: Bool { self == .languageModel || self == .sequenceClassification }
}
