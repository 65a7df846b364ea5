public import ThimbleSystem

/// Writes the `columns` values of row `row` of decoded panels to `values` from `offset`
/// (Formats/thimble.md, "q8b64").
///
/// - Parameters:
///   - row: counted from the first row of `panels`.
///   - factors: the column factors, if the matrix has any.
public func dequantizeRow(
  _ row: Int, of panels: Int8Panels, columns: Int, paddedColumns: Int,
  factors: AlignedArray<Float>?, into values: AlignedArray<Float>, at offset: Int
) {
  let (panel, lane) = (row / 32, row % 32)
  let codes = panels.codesOffset + panel * 32 * paddedColumns
  let scaleCodes = panels.scaleCodesOffset + panel * 32 * (paddedColumns / 64)
  for column in 0..<columns {
    let code = panels.codes[codes + (column / 4 * 32 + lane) * 4 + column % 4]
    let scale = panels.steps.scale(
      code: panels.scaleCodes[scaleCodes + column / 64 * 32 + lane])
    let value = Float(Int32(code) - 128) * scale
    values[offset + column] = factors.map { value * $0[column] } ?? value
  }
}
