/// The input of some linear layers of an encoder.
public struct LinearPlace: Sendable, Hashable {
  public enum Part: Sendable, CaseIterable {
    /// Of query, key and value.
    case projections
    /// Of the projection behind attention.
    case output
    case inner
    case outer
  }

  public let layer: Int
  public let part: Part

  public init(layer: Int, part: Part) {
    self.layer = layer
    self.part = part
  }

  /// The matrices that take this input.
  public var tensorNames: [String] {
    switch part {
    case .projections:
      ["q_lin", "k_lin", "v_lin"].map { "transformer.attentions.\(layer).\($0).weight" }
    case .output: ["transformer.attentions.\(layer).out_lin.weight"]
    case .inner: ["transformer.ffns.\(layer).lin1.weight"]
    case .outer: ["transformer.ffns.\(layer).lin2.weight"]
    }
  }
}
