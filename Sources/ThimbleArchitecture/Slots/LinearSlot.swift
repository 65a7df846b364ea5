/// Where a linear layer stands in the model: y = W x + b.
public struct LinearSlot: Sendable, Equatable {
  /// [outputs, inputs]
  public let weight: ModelTensor
  /// [outputs]
  public let bias: ModelTensor

  var tensors: [ModelTensor] { [weight, bias] }

  init(weight: ModelTensor, bias: ModelTensor) {
    self.weight = weight
    self.bias = bias
  }

  init(
    _ name: String, from inputs: Int, to outputs: Int, _ group: ModelTensor.Group = .heads,
    layer: Int? = nil, part: ModelTensor.Part? = nil
  ) {
    weight = ModelTensor(
      name: "\(name).weight", shape: [outputs, inputs], role: .linearWeight, group: group,
      layer: layer, part: part)
    bias = ModelTensor(
      name: "\(name).bias", shape: [outputs], role: .linearBias, group: group, layer: layer)
  }
}

/// Where a layer normalisation stands in the model.
public struct NormSlot: Sendable, Equatable {
  /// [width]
  public let gain: ModelTensor
  /// [width]
  public let bias: ModelTensor

  var tensors: [ModelTensor] { [gain, bias] }

  init(_ name: String, width: Int, _ group: ModelTensor.Group = .norms, layer: Int? = nil) {
    gain = ModelTensor(
      name: "\(name).weight", shape: [width], role: .normGain, group: group, layer: layer)
    bias = ModelTensor(
      name: "\(name).bias", shape: [width], role: .normBias, group: group, layer: layer)
  }
}
