/// Ways to quantise weights that others use: what a file has to beat at its size.
public enum BlockScheme: String, Sendable, CaseIterable {
  /// max/127 for each row: the usual per-channel int8.
  case perRow = "per-row int8"
  /// max/127 for each 32 weights, as llama.cpp's Q8_0.
  case q8 = "Q8_0-like"
  /// Six bits with a scale of eight bits for each 16 weights and fp16 for each 256, as llama.cpp's Q6_K. Its search for
  /// the best scale is replaced by least squares, which comes close.
  case q6 = "Q6_K-like"

  /// Bits that a row of `columns` weights takes.
  func bitCount(columns: Int) -> Int {
    func blocks(_ size: Int) -> Int { (columns + size - 1) / size }
    switch self {
    case .perRow: return 8 * columns + 32
    case .q8: return 8 * columns + 16 * blocks(32)
    case .q6: return 6 * columns + 8 * blocks(16) + 16 * blocks(256)
    }
  }

  /// Rounds a row in place to what the scheme keeps of it.
  ///
  /// - Parameters:
  ///   - row: holds the row at every `stride`th place from `first`.
  ///   - columns: weights of the row.
  func round(_ row: inout MutableSpan<Float>, first: Int, stride: Int, columns: Int) {
    func place(_ column: Int) -> Int { first + column * stride }
    switch self {
    case .perRow:
      Self.round(&row, place, 0..<columns) { $0 }
    case .q8:
      for start in Swift.stride(from: 0, to: columns, by: 32) {
        Self.round(&row, place, start..<min(start + 32, columns)) { Float(Float16($0)) }
      }
    case .q6:
      for start in Swift.stride(from: 0, to: columns, by: 256) {
        Self.roundSuperblock(&row, place, start..<min(start + 256, columns))
      }
    }
  }

  /// max/127, the scale as `stored` keeps it.
  private static func round(
    _ row: inout MutableSpan<Float>, _ place: (Int) -> Int, _ columns: Range<Int>,
    stored: (Float) -> Float
  ) {
    var largest: Float = 0
    for column in columns { largest = max(largest, abs(row[place(column)])) }
    let scale = stored(largest / 127)
    quantise(&row, place, columns, scale: scale, codes: -127...127)
  }

  private static func roundSuperblock(
    _ row: inout MutableSpan<Float>, _ place: (Int) -> Int, _ columns: Range<Int>
  ) {
    let blocks = stride(from: columns.lowerBound, to: columns.upperBound, by: 16)
      .map { $0..<min($0 + 16, columns.upperBound) }
    var scales: [Float] = []
    for block in blocks {
      var extreme: Float = 0
      for column in block where abs(row[place(column)]) > abs(extreme) {
        extreme = row[place(column)]
      }
      // The extreme gets the code -32, which has no positive counterpart; then least squares for these codes.
      let first = -extreme / 32
      var (product, squares): (Float, Float) = (0, 0)
      for column in block where first != 0 {
        let code = min(max((row[place(column)] / first).rounded(.toNearestOrEven), -32), 31)
        product += row[place(column)] * code
        squares += code * code
      }
      scales.append(squares > 0 ? product / squares : 0)
    }
    let largest = scales.max { abs($0) < abs($1) } ?? 0
    let unit = Float(Float16(-largest / 128))
    for (block, scale) in zip(blocks, scales) {
      let code = unit == 0 ? 0 : min(max((scale / unit).rounded(.toNearestOrEven), -128), 127)
      quantise(&row, place, block, scale: unit * code, codes: -32...31)
    }
  }

  private static func quantise(
    _ row: inout MutableSpan<Float>, _ place: (Int) -> Int, _ columns: Range<Int>, scale: Float,
    codes: ClosedRange<Float>
  ) {
    for column in columns {
      let index = place(column)
      guard scale != 0 else {
        row[index] = 0
        continue
      }
      let code = (row[index] / scale).rounded(.toNearestOrEven)
      row[index] = min(max(code, codes.lowerBound), codes.upperBound) * scale
    }
  }
}
