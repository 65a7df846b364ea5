public import ThimbleSystem

/// Writes the `columns` values of row `row` of decoded panels to `values` from `offset`
/// (Formats/thimble.md, "q8b64").
///
/// - Parameters:
///   - row: counted from the first row of `first`.
///   - first: the first of the panels.
///   - factors: the column factors, if the matrix has any.
public func dequantizeRow(
  _ row: Int, of first: Q8Panel, columns: Int, factors: AlignedArray<Float>?,
  into values: AlignedArray<Float>, at offset: Int
) {
  let panel = first.following(row / 32)
  let lane = row % 32
  for column in 0..<columns {
    let code = panel.codes.array[panel.codes.offset + (column / 4 * 32 + lane) * 4 + column % 4]
    let scaleCode = panel.scaleCodes.array[panel.scaleCodes.offset + column / 64 * 32 + lane]
    let value = Float(Int32(code) - 128) * panel.steps.scale(code: scaleCode)
    values[offset + column] = factors.map { value * $0[column] } ?? value
  }
}
