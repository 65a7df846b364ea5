import Testing
import ThimbleSystem
import ThimbleTestSupport

/// Arrays begin here, so that nothing relies on alignment.
let misalignment = 3

/// What memory holds that an operation must not touch.
let untouched: Float = -12345

func array<Element>(_ values: [Element]) throws -> ArrayTail<Element> {
  let array = try AlignedArray<Element>(count: values.count + misalignment)
  for (index, value) in values.enumerated() { array[misalignment + index] = value }
  return array.from(misalignment)
}

func array<Element>(of value: Element, count: Int) throws -> ArrayTail<Element> {
  try array([Element](repeating: value, count: count))
}

extension ArrayTail {
  /// The first `count` elements.
  func values(_ count: Int) -> [Element] { (0..<count).map { array[offset + $0] } }
}

/// `rows`, a few elements apart.
func rows(_ rows: [[Float]], columns: Int) throws -> Rows {
  let stride = columns + 5
  var values = [Float](repeating: untouched, count: rows.count * stride)
  for (i, row) in rows.enumerated() {
    for (j, value) in row.enumerated() { values[i * stride + j] = value }
  }
  let memory = try array(values)
  return Rows(memory.array, at: memory.offset, stride: stride)
}

extension Rows {
  /// The first `count` rows, after checking that nothing was written between them.
  func values(_ count: Int, columns: Int, _ location: SourceLocation = #_sourceLocation)
    -> [[Float]]
  {
    (0..<count).map { i in
      let row = (0..<stride).map { array[offset + i * stride + $0] }
      #expect(row[columns...].allSatisfy { $0 == untouched }, sourceLocation: location)
      return Array(row[..<columns])
    }
  }
}

/// Expects the same bits, and says where they differ first.
func expectSame(
  _ found: [Float], _ wanted: [Float], _ comment: @autoclosure () -> String = "",
  _ location: SourceLocation = #_sourceLocation
) {
  #expect(found.count == wanted.count, sourceLocation: location)
  let difference = zip(found, wanted).enumerated().first { $1.0.bitPattern != $1.1.bitPattern }
  guard let (index, pair) = difference else { return }
  Issue.record(
    "value \(index) is \(pair.0), not \(pair.1) \(comment())", sourceLocation: location)
}

extension SeededRandom {
  mutating func normals(_ count: Int, scale: Float = 1) -> [Float] {
    (0..<count).map { _ in normal() * scale }
  }

  mutating func normals(_ rows: Int, by columns: Int, scale: Float = 1) -> [[Float]] {
    (0..<rows).map { _ in normals(columns, scale: scale) }
  }
}

extension Reference.QuantizedPanel {
  /// Columns, padded to whole blocks.
  var k: Int { codes[0].count }

  /// [k / 4][32][4], as kernels and the file have them.
  var codeBytes: [UInt8] {
    (0..<k * 32).map { i in
      UInt8(truncatingIfNeeded: Int(codes[i / 4 % 32][i / 128 * 4 + i % 4]) + 128)
    }
  }

  /// [k / 64][32]
  var scaleCodeBytes: [UInt8] { (0..<k / 2).map { scaleCodes[$0 % 32][$0 / 32] } }

  func panel(step: Float) throws -> Q8Panel {
    Q8Panel(
      codes: try array(codeBytes), scaleCodes: try array(scaleCodeBytes),
      steps: StepTable(step: step), k: k)
  }
}

extension [Reference.QuantizedRow] {
  func quantizedRows(
    k: Int, precision: ActivationPrecision = .int8
  ) throws -> QuantizedRows {
    let result = try QuantizedRows(rows: count, k: k, precision: precision)
    for (t, row) in enumerated() {
      for (i, code) in row.codes.enumerated() {
        let terms = precision == .int8 ? (high: Int8(code), low: 0) : Reference.terms(code)
        result.codes[t * k + i] = terms.high
        result.lowCodes?[t * k + i] = terms.low
      }
      for (b, scale) in row.scales.enumerated() {
        result.scales[t * (k / 64) + b] = scale
        result.offsets[t * (k / 64) + b] =
          -128 * row.codes[b * 64..<(b + 1) * 64].reduce(0) { $0 + Int32($1) }
      }
    }
    return result
  }
}
