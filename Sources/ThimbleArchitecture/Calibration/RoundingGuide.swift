public import ThimbleSystem

/// What was learnt about a model from text: how to round each of its matrices.
public struct RoundingGuide: Sendable {
  /// How to round one matrix.
  public struct Matrix: Sendable {
    /// For weights that are divided by the column factors.
    public let feedback: ErrorFeedback
    public let columnFactors: ColumnFactors?

    public init(feedback: ErrorFeedback, columnFactors: ColumnFactors?) {
      self.feedback = feedback
      self.columnFactors = columnFactors
    }
  }

  private let matrices: [String: Matrix]
  /// What the rounding of a matrix costs by itself, per weight, at the steps that it has without costs. Those with costs
  /// get steps at which all cost the same.
  public var costs: [String: Double] = [:]

  /// - Parameter matrices: by the name of the tensor. Those with the same input share their factors.
  public init(_ matrices: [String: Matrix]) { self.matrices = matrices }

  public subscript(tensor: String) -> Matrix? { matrices[tensor] }

  /// All column factors, each once, in the order of their names.
  public var columnFactors: [ColumnFactors] {
    let all = matrices.values.compactMap { $0.columnFactors }
    return Dictionary(all.map { ($0.tensor.name, $0) }) { first, _ in first }.values
      .sorted { $0.tensor.name < $1.tensor.name }
  }
}

/// Factors that even out the columns of an input before it is rounded to int8.
///
/// A few columns of what a LayerNorm yields are many times larger than the others and set the scale for
/// all of their block. Those of a matrix behind it are divided by the factors.
public struct ColumnFactors: Sendable {
  /// The tensor that holds them in a file.
  public let tensor: ModelTensor
  /// [columns], above 0
  public let values: AlignedArray<Float>
  /// [columns]: 1 / value
  public let reciprocals: AlignedArray<Float>

  // So that columns without input do not get the largest factors there are.
  private static let leastSquare: Float = 1e-6

  /// Evens out the columns that `moments` saw. Scales `moments` to those of the new input.
  ///
  /// - Parameter share: how far, in decibels. Inputs would have it all, weights nothing of it.
  /// - Returns: nil if there was no input.
  public init?(
    _ tensor: ModelTensor, evening moments: InputMoments, share: Double = 0.5
  ) throws(SystemError) {
    let columns = moments.columns
    let mean = moments.meanSquare
    guard mean > 0, mean.isFinite else { return nil }
    self.tensor = tensor
    values = try AlignedArray(count: columns)
    reciprocals = try AlignedArray(count: columns)
    for column in 0..<columns {
      let square = max(moments.square(ofColumn: column) / mean, Self.leastSquare)
      values[column] = Float(exponential(-share / 2 * logarithm(Double(square))))
      reciprocals[column] = 1 / values[column]
    }
    moments.scale(by: values)
  }
}
