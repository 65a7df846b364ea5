public import ThimbleSystem

/// A small matrix kept as fp32 panels: task heads, whose few rows are not worth quantising.
public final class FloatMatrix: PanelSource {
  public let rows: Int
  public let columns: Int
  /// [panel][column][32 rows]
  private let panels: AlignedArray<Float>

  /// - Parameter values: [rows, columns], row-major.
  public init(_ values: AlignedArray<Float>, rows: Int, columns: Int) throws(SystemError) {
    self.rows = rows
    self.columns = columns
    panels = try AlignedArray(count: (rows + 31) / 32 * 32 * columns)
    for row in 0..<rows {
      for column in 0..<columns {
        panels[(row / 32 * columns + column) * 32 + row % 32] = values[row * columns + column]
      }
    }
  }

  public var precision: WeightPrecision { .float32 }
  public var chunkCount: Int { (rows + 31) / 32 }
  public var columnFactors: AlignedArray<Float>? { nil }

  public func panels(ofChunk chunk: Int) -> Range<Int> { chunk..<chunk + 1 }
  public func willUse() {}
  public func didUse() {}
  public func group(ofRow row: Int) -> Int { row / 32 }

  public func load(chunk: Int, worker: Int) throws(WeightError) -> LoadedPanels {
    .float32(panels.from(chunk * 32 * columns))
  }

  public func copyRow(
    _ row: Int, into values: AlignedArray<Float>, at offset: Int, worker: Int
  ) throws(WeightError) {
    for column in 0..<columns {
      values[offset + column] = panels[(row / 32 * columns + column) * 32 + row % 32]
    }
  }
}
