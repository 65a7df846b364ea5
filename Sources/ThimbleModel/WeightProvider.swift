public import ThimbleArchitecture
public import ThimbleOps
public import ThimbleSystem

/// Where a model's weights come from: a .thimble file, or a checkpoint that is run in place.
public protocol WeightProvider {
  /// What messages call the origin of the weights.
  var path: String { get }
  var configuration: XLMConfiguration { get }
  /// Whether some of its matrices are fp32 with rounded input.
  var roundsInput: Bool { get }
  /// Whether the tensor named `name` is there.
  func contains(_ name: String) -> Bool
  /// The weights of a linear layer, [rows, columns].
  func matrix(_ name: String, rows: Int, columns: Int) throws(ModelError) -> any PanelSource
  /// A table of embeddings, [rows, columns].
  func table(_ name: String, rows: Int, columns: Int) throws(ModelError) -> any RowSource
  /// A vector of `count` values, followed by zeros up to a multiple of 32.
  func vector(_ name: String, count: Int) throws(ModelError) -> AlignedArray<Float>
  /// Checks that nobody has written into the files behind the weights: called when a result has been computed of them, and
  /// before it is used.
  ///
  /// - Throws: `ModelError.changed`.
  func checkUnchanged() throws(ModelError)
}

extension WeightProvider {
  public var roundsInput: Bool { false }

  /// The linear layer whose tensors are `name`.weight and `name`.bias.
  func linear(_ name: String, outputs: Int, inputs: Int) throws(ModelError) -> Linear {
    Linear(
      weights: try matrix("\(name).weight", rows: outputs, columns: inputs),
      bias: try vector("\(name).bias", count: outputs))
  }

  /// The layer norm whose tensors are `name`.weight and `name`.bias.
  func layerNorm(_ name: String) throws(ModelError) -> LayerNorm {
    LayerNorm(
      weight: try vector("\(name).weight", count: configuration.embeddingSize),
      bias: try vector("\(name).bias", count: configuration.embeddingSize),
      epsilon: Float(configuration.layerNormEpsilon))
  }
}
