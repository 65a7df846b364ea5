public import ThimbleSystem

// Arrays begin here, so that nothing relies on alignment.
private let misalignment = 3

/// `values` in memory, at an address that is not aligned.
public func array<Element>(_ values: [Element]) throws -> ArrayTail<Element> {
  let array = try AlignedArray<Element>(count: values.count + misalignment)
  for (index, value) in values.enumerated() { array[misalignment + index] = value }
  return array.from(misalignment)
}

/// `count` times `value`, likewise.
public func array<Element>(of value: Element, count: Int) throws -> ArrayTail<Element> {
  try array([Element](repeating: value, count: count))
}

extension ArrayTail {
  /// The first `count` elements.
  public func values(_ count: Int) -> [Element] { (0..<count).map { array[offset + $0] } }
}

/// Says where two lists of numbers first differ in a bit; nil if they do not.
public func difference(_ found: [Float], _ wanted: [Float]) -> String? {
  guard found.count == wanted.count else { return "\(found.count) values, not \(wanted.count)" }
  return zip(found, wanted).enumerated().first { $1.0.bitPattern != $1.1.bitPattern }
    .map { "value \($0) is \($1.0), not \($1.1)" }
}

extension SeededRandom {
  public mutating func normals(_ count: Int, scale: Float = 1) -> [Float] {
    (0..<count).map { _ in normal() * scale }
  }

  public mutating func normals(_ rows: Int, by columns: Int, scale: Float = 1) -> [[Float]] {
    (0..<rows).map { _ in normals(columns, scale: scale) }
  }
}

extension Reference.QuantizedPanel {
  /// Columns, padded to whole blocks.
  public var k: Int { codes[0].count }

  /// [k / 4][32][4], as kernels and the file have them.
  public var codeBytes: [UInt8] {
    (0..<k * 32).map { i in
      UInt8(truncatingIfNeeded: Int(codes[i / 4 % 32][i / 128 * 4 + i % 4]) + 128)
    }
  }

  /// [k / 64][32]
  public var scaleCodeBytes: [UInt8] { (0..<k / 2).map { scaleCodes[$0 % 32][$0 / 32] } }

  public func panel(step: Float) throws -> Q8Panel {
    Q8Panel(
      codes: try array(codeBytes), scaleCodes: try array(scaleCodeBytes),
      steps: StepTable(step: step), k: k)
  }
}

extension [Reference.QuantizedRow] {
  /// The rows as kernels take them.
  public func quantizedRows(
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
