public import ThimbleSystem

/// Layer normalisation over the width of the model, and its parameters.
public struct LayerNorm {
  public let weight: AlignedArray<Float>
  public let bias: AlignedArray<Float>
  public let epsilon: Float

  public init(weight: AlignedArray<Float>, bias: AlignedArray<Float>, epsilon: Float) {
    self.weight = weight
    self.bias = bias
    self.epsilon = epsilon
  }
}
