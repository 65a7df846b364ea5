public import ThimbleSystem

/// A table whose rows are looked up: embeddings.
public protocol RowSource: AnyObject, Sendable {
  /// Rows that are had at the same price: looking them up together costs one decoding.
  func group(ofRow row: Int) -> Int
  /// Writes the values of row `row` to `values` from `offset`. The rules of `PanelSource` hold.
  func copyRow(
    _ row: Int, into values: AlignedArray<Float>, at offset: Int, worker: Int
  ) throws(WeightError)
}

/// A table of fp32 rows in memory.
public final class FloatTable: RowSource {
  private let values: AlignedArray<Float>
  private let columns: Int

  /// - Parameter values: [rows, columns], row-major.
  public init(_ values: AlignedArray<Float>, columns: Int) {
    self.values = values
    self.columns = columns
  }

  public func group(ofRow row: Int) -> Int { 0 }

  public func copyRow(
    _ row: Int, into output: AlignedArray<Float>, at offset: Int, worker: Int
  ) throws(WeightError) {
    for column in 0..<columns { output[offset + column] = values[row * columns + column] }
  }
}
