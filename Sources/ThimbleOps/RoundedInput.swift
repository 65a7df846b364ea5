public import ThimbleSystem

extension QuantizedRows {
  /// Writes what the codes of rows `rows` stand for to `output`.
  ///
  /// - Parameters:
  ///   - columns: of a row.
  ///   - factors: the column factors that were multiplied in before quantising, divided out again.
  public func dequantize(
    rows: Range<Int>, columns: Int, factors: AlignedArray<Float>?, into output: FloatRows
  ) {
    let blocks = k / PanelGeometry.block
    for row in rows {
      let start = row * output.stride
      codes.withSpan(row * k..<row * k + columns) { codes in
        output.values.withMutableSpan(start..<start + columns) { values in
          for block in 0..<(columns + PanelGeometry.block - 1) / PanelGeometry.block {
            let scale = scales[row * blocks + block]
            let end = min((block + 1) * PanelGeometry.block, columns)
            for column in block * PanelGeometry.block..<end {
              let low = lowCodes.map { Float($0[row * k + column]) }
              let code = low.map { 255 * Float(codes[column]) + $0 } ?? Float(codes[column])
              values[column] = code * scale
            }
          }
          guard let factors else { return }
          for column in 0..<columns { values[column] /= factors[column] }
        }
      }
    }
  }
}
