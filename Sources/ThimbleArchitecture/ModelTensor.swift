/// One tensor of a model: what it is called, what it is for, and its shape. Its slot says where it stands.
public struct ModelTensor: Sendable, Equatable {
  /// As Hugging Face names it: "transformer.attentions.0.q_lin.weight".
  public let name: String
  /// Rows first. The weights of a linear layer are [outputs, inputs].
  public let shape: [Int]
  public let role: Role
  public let group: Group
  /// The encoder layer that it belongs to.
  public let layer: Int?
  /// Which of that layer's matrices it is.
  public let part: Part?

  public enum Part: Sendable { case query, key, value, output, inner, outer }

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

  public init(
    name: String, shape: [Int], role: Role, group: Group, layer: Int? = nil, part: Part? = nil
  ) {
    self.name = name
    self.shape = shape
    self.role = role
    self.group = group
    self.layer = layer
    self.part = part
  }

  public var elementCount: Int { shape.reduce(1, *) }
}
