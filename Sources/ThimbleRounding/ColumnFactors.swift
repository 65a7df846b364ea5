public import ThimbleArchitecture
public import ThimbleSystem

/// Smoothing factors: what the columns of an input are multiplied by before it is rounded to int8, and those of the
/// matrices behind it divided by.
///
/// A few columns of what a LayerNorm yields are many times larger than the others and set the scale of their whole
/// block. Smoothing moves that difference into the weights (SmoothQuant, Xiao et al., 2022, arXiv 2211.10438). There a
/// column's factor depends on the largest input and the largest weight; here on the mean square of the input alone:
/// factor = (root mean square of the column / that of all columns)^-strength.
public struct ColumnFactors: Sendable {
  /// The tensor that holds them in a file.
  public let tensor: ModelTensor
  /// [columns], above 0
  public let values: AlignedArray<Float>
  /// [columns]: 1 / value
  public let reciprocals: AlignedArray<Float>

  // Of the mean square: so that columns without input do not get the largest factors there are.
  private static let leastSquare: Float = 1e-6

  /// Smooths the columns that `moments` saw. Scales `moments` to those of the smoothed input.
  ///
  /// - Parameters:
  ///   - tensor: of shape [columns].
  ///   - strength: from 0, which leaves everything to the weights, to 1, which makes all columns of the input alike. In
  ///     SmoothQuant it is called migration strength, alpha.
  /// - Returns: nil if there was no input, or one that is no number.
  public init?(
    _ tensor: ModelTensor, smoothing moments: InputMoments, strength: Double
  ) throws(SystemError) {
    let columns = moments.columns
    let mean = moments.meanSquare
    guard mean > 0, mean.isFinite else { return nil }
    self.tensor = tensor
    values = try AlignedArray(count: columns)
    reciprocals = try AlignedArray(count: columns)
    for column in 0..<columns {
      let square = max(moments.square(ofColumn: column) / mean, Self.leastSquare)
      values[column] = Float(exponential(-strength / 2 * logarithm(Double(square))))
      reciprocals[column] = 1 / values[column]
    }
    moments.scale(by: values)
  }
}
