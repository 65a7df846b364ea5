public import ThimbleArchitecture
public import ThimbleOps
public import ThimbleSystem

/// Where a model's weights come from: a .thimble file, or a checkpoint that is run in place.
public protocol WeightProvider {
  /// What messages call the origin of the weights.
  var path: String { get }
  var configuration: ModelConfiguration { get }
  /// Whether some of its matrices are fp32 with rounded input.
  var roundsInput: Bool { get }
  /// Whether `tensor` is there.
  func contains(_ tensor: ModelTensor) -> Bool
  /// The weights of a linear layer, [outputs, inputs].
  func matrix(_ tensor: ModelTensor) throws(ModelError) -> any PanelSource
  /// A table of embeddings, [rows, width].
  func table(_ tensor: ModelTensor) throws(ModelError) -> any RowSource
  /// The values of a tensor of one dimension, followed by zeros up to whole panels.
  func vector(_ tensor: ModelTensor) throws(ModelError) -> AlignedArray<Float>
  /// Checks that nobody has written into the files behind the weights: called when a result has been computed of them, and
  /// before it is used.
  ///
  /// - Throws: `ModelError.changed`.
  func checkUnchanged() throws(ModelError)
}

extension WeightProvider {
  public var roundsInput: Bool { false }

  /// The heads of which every tensor is there.
  public var heads: [HeadKind] { configuration.heads(where: contains) }

  func linear(_ slot: LinearSlot) throws(ModelError) -> Linear {
    Linear(weights: try matrix(slot.weight), bias: try vector(slot.bias))
  }

  func layerNorm(_ slot: NormSlot) throws(ModelError) -> LayerNorm {
    LayerNorm(
      weight: try vector(slot.gain), bias: try vector(slot.bias),
      epsilon: Float(configuration.layerNormEpsilon))
  }
}
