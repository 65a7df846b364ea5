/// An input that linear layers share: what calibration observes, and what smoothing is done to.
public enum InputPlace: Sendable, Hashable {
  /// Of query, key and value.
  case projections(layer: Int)
  /// Of the projection of what attention yields.
  case output(layer: Int)
  /// Of the first layer of the feed-forward block.
  case inner(layer: Int)
  /// Of the second layer of the feed-forward block.
  case outer(layer: Int)
  /// The last hidden states, of which the vocabulary's scores are computed.
  case vocabulary
}

extension ModelConfiguration {
  /// The inputs of the encoder's linear layers, in the order of computation, and that of the vocabulary's scores.
  public var inputPlaces: [InputPlace] {
    (0..<layerCount).flatMap {
      [.projections(layer: $0), .output(layer: $0), .inner(layer: $0), .outer(layer: $0)]
    } + [.vocabulary]
  }

  /// The matrices that read the input at `place`.
  public func matrices(reading place: InputPlace) -> [ModelTensor] {
    switch place {
    case .projections(let layer):
      let slots = layerSlots(layer)
      return [slots.query.weight, slots.key.weight, slots.value.weight]
    case .output(let layer): return [layerSlots(layer).output.weight]
    case .inner(let layer): return [layerSlots(layer).inner.weight]
    case .outer(let layer): return [layerSlots(layer).outer.weight]
    case .vocabulary: return [vocabularyOutput.weight]
    }
  }

  /// Values of the input at `place`.
  public func width(of place: InputPlace) -> Int {
    if case .outer = place { feedForwardSize } else { embeddingSize }
  }

  /// The tensor of a file that holds the column factors (of smoothing) at `place`. nil: what attention yields gains nothing
  /// by them.
  public func columnFactors(of place: InputPlace) -> ModelTensor? {
    let name: String
    switch place {
    case .projections(let layer): name = "transformer.attentions.\(layer).input_factors"
    case .output: return nil
    case .inner(let layer): name = "transformer.ffns.\(layer).input_factors"
    case .outer(let layer): name = "transformer.ffns.\(layer).inner_factors"
    case .vocabulary: name = "transformer.output_factors"
    }
    return ModelTensor(
      name: name, shape: [width(of: place)], role: .columnFactors, group: .norms)
  }
}
