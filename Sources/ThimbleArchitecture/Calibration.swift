/// What running a model over text tells about its matrices: where an error costs most. Plain data, made by ThimbleEvaluation and
/// taken by ThimbleConvert.
public struct Calibration: Sendable, Equatable {
  public struct Matrix: Sendable, Equatable {
    /// Mean of the square of each input column over the tokens that pass through the matrix.
    public var inputMeanSquares: [Float]
    /// Mean of x xᵀ over the same tokens, [columns, columns] row-major; nil unless asked for.
    public var inputProducts: [Float]?
    /// The mean divergence of the output in nats that errors of this matrix alone cause, over the sum of their squares: what a
    /// small error of any weight costs on average. Divergence is that times Σ (w − w′)². nil if it was not measured.
    public var sensitivity: Double?

    public init(
      inputMeanSquares: [Float], inputProducts: [Float]? = nil, sensitivity: Double? = nil
    ) {
      self.inputMeanSquares = inputMeanSquares
      self.inputProducts = inputProducts
      self.sensitivity = sensitivity
    }
  }

  /// By the names of tensors. Tables that are only looked up have no input.
  public var matrices: [String: Matrix]
  /// Masked positions that sensitivities rest on.
  public var positions: Int

  public init(matrices: [String: Matrix], positions: Int) {
    self.matrices = matrices
    self.positions = positions
  }
}

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
