public import ThimbleSystem

extension Q8Panel {
  /// Writes the panel as fp32, [columns][32 rows] (Formats/thimble.md, "q8b64").
  ///
  /// - Parameters:
  ///   - columns: of the matrix; padding is left out.
  ///   - factors: the column factors, if the matrix has any.
  ///   - output: room for 32 values a column.
  public func dequantize(
    columns: Int, factors: AlignedArray<Float>?, into output: ArrayTail<Float>
  ) {
    let lanes = PanelGeometry.panelRows
    output.array.withMutableSpan(output.offset..<output.offset + columns * lanes) { output in
      codes.array.withSpan(codes.offset..<codes.offset + lanes * k) { codes in
        for column in 0..<columns {
          let factor = factors?[column] ?? 1
          let scales = scaleCodes.offset + column / PanelGeometry.block * lanes
          for lane in 0..<lanes {
            let code = Float(Int32(codes[(column / 4 * lanes + lane) * 4 + column % 4]) - 128)
            output[column * lanes + lane] =
              code * steps.scale(code: scaleCodes.array[scales + lane]) * factor
          }
        }
      }
    }
  }
}
