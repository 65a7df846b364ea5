public import ThimbleSystem

/// A small matrix kept as fp32 panels: task heads, whose few rows are not worth quantising.
public final class FloatMatrix: PanelSource {
  public let rows: Int
  public let columns: Int
  /// [panel][column][32 rows]
  private let panels: AlignedArray<Float>

  /// A matrix of zeros, to be filled.
  public init(rows: Int, columns: Int) throws(SystemError) {
    self.rows = rows
    self.columns = columns
    panels = try AlignedArray(count: Self.byteCount(rows: rows, columns: columns) / 4)
  }

  /// Stores fp32 values, little-endian, as the row-major values from index `first` on.
  public func fill(from first: Int, with values: ByteView) {
    var (row, column) = first.quotientAndRemainder(dividingBy: columns)
    for index in 0..<values.count / 4 {
      panels[place(row, column)] = Float(bitPattern: values.load(at: 4 * index, as: UInt32.self))
      column += 1
      if column == columns { (row, column) = (row + 1, 0) }
    }
  }

  private func place(_ row: Int, _ column: Int) -> Int {
    let lanes = PanelGeometry.panelRows
    return (row / lanes * columns + column) * lanes + row % lanes
  }

  /// Bytes that such a matrix takes: whole panels.
  public static func byteCount(rows: Int, columns: Int) -> Int {
    4 * PanelGeometry.panelCount(rows: rows) * PanelGeometry.panelRows * columns
  }

  public var precision: WeightPrecision { .float32 }
  public var chunkCount: Int { PanelGeometry.panelCount(rows: rows) }
  public var columnFactors: AlignedArray<Float>? { nil }

  public func panels(ofChunk chunk: Int) -> Range<Int> { chunk..<chunk + 1 }
  public func willUse() {}
  public func didUse() {}
  public func group(ofRow row: Int) -> Int { row / PanelGeometry.panelRows }

  public func load(chunk: Int, worker: Int) throws(WeightError) -> LoadedPanels {
    .float32(panels.from(chunk * PanelGeometry.panelRows * columns))
  }

  public func copyRow(
    _ row: Int, into values: AlignedArray<Float>, at offset: Int, worker: Int
  ) throws(WeightError) {
    for column in 0..<columns {
      values[offset + column] = panels[place(row, column)]
    }
  }
}
