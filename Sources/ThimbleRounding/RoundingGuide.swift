internal import ThimbleArchitecture

/// What was learnt about a model from text: how to round each of its matrices.
public struct RoundingGuide: Sendable {
  /// How to round one matrix.
  public struct Matrix: Sendable {
    /// For weights that are divided by the column factors, if there are any.
    public let feedback: ErrorFeedback
    /// nil: the input of the matrix is not smoothed.
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
