public import ThimbleSystem

extension Reference {
  /// A row of activations as integers, by blocks of 64.
  public struct QuantizedRow: Equatable, Sendable {
    public var codes: [Int] = []
    public var scales: [Float] = []

    public init(codes: [Int] = [], scales: [Float] = []) {
      self.codes = codes
      self.scales = scales
    }
  }

  /// Rows of weights in int8, by blocks of 64.
  public struct QuantizedPanel: Equatable, Sendable {
    /// [32][k]
    public var codes: [[Int8]]
    /// [32][k / 64]
    public var scaleCodes: [[UInt8]]
    public var signal = 0.0
    public var noise = 0.0

    public init(
      codes: [[Int8]] = Array(repeating: [], count: 32),
      scaleCodes: [[UInt8]] = Array(repeating: [], count: 32)
    ) {
      self.codes = codes
      self.scaleCodes = scaleCodes
    }
  }

  /// §4
  public static func scale(step: Float, code: UInt8) -> Float {
    let roots: [Float] = [
      1, 0x1.172b84p0, 0x1.306fep0, 0x1.4bfdaep0, 0x1.6a09e6p0, 0x1.8ace54p0, 0x1.ae89fap0,
      0x1.d5818ep0,
    ]
    return Float(
      sign: .plus, exponent: Int(code) / 8, significand: step * roots[Int(code) % 8])
  }

  static func blocks(_ row: [Float]) -> [[Float]] {
    stride(from: 0, to: row.count, by: 64).map { start in
      let block = Array(row[start..<min(start + 64, row.count)])
      return block + [Float](repeating: 0, count: 64 - block.count)
    }
  }

  static func multiplied(_ row: [Float], by factors: [Float]?) -> [Float] {
    factors.map { zip(row, $0).map { $0 * $1 } } ?? row
  }

  static func largest(_ block: [Float]) -> Float { block.reduce(0) { max($0, abs($1)) } }

  static func rounded(_ x: Float) -> Int8 { Int8(x.rounded(.toNearestOrEven)) }

  /// §4, for at most 32 rows; nil if a weight cannot be encoded.
  public static func encode(
    _ rows: [[Float]], columnFactors: [Float]? = nil, step: Float
  ) -> QuantizedPanel? {
    let weights = rows.map { blocks(multiplied($0, by: columnFactors)) }
    let blockCount = weights.first?.count ?? 0
    var panel = QuantizedPanel()
    for b in 0..<blockCount {
      for row in 0..<32 {
        let w = row < rows.count ? weights[row][b] : [Float](repeating: 0, count: 64)
        guard w.allSatisfy(\.isFinite) else { return nil }
        let max = largest(w)
        guard
          let e = (0...255).first(where: { max / Self.scale(step: step, code: UInt8($0)) <= 127 })
        else { return nil }
        let scale = Self.scale(step: step, code: UInt8(e))
        let codes = w.map { rounded($0 / scale) }
        panel.codes[row] += codes
        panel.scaleCodes[row].append(UInt8(e))
        panel.signal += Double(sumOfSquares(w))
        panel.noise += Double(sumOfSquares(zip(w, codes).map { fma(-scale, Float($0.1), $0.0) }))
      }
    }
    return panel
  }

  /// §5
  public static func quantize(
    _ row: [Float], columnFactors: [Float]? = nil, precision: ActivationPrecision = .int8
  ) -> QuantizedRow {
    let limit: Float = precision == .int16 ? 32512 : 127
    var result = QuantizedRow()
    for x in blocks(multiplied(row, by: columnFactors)) {
      let max = largest(x)
      let isZero = max < 0x1p-100
      result.scales.append(isZero ? 0 : max / limit)
      result.codes +=
        isZero
        ? [Int](repeating: 0, count: 64)
        : x.map { Int(($0 * (limit / max)).rounded(.toNearestOrEven)) }
    }
    return result
  }

  /// §5: the two terms of a code of int16.
  public static func terms(_ code: Int) -> (high: Int8, low: Int8) {
    let high = Int((Float(code) * 0x1.010102p-8).rounded(.toNearestOrEven))
    return (Int8(high), Int8(code - 255 * high))
  }

  /// §6: one output for each of the 32 rows.
  public static func multiply(
    _ x: QuantizedRow, _ panel: QuantizedPanel, step: Float, bias: [Float]
  ) -> [Float] {
    (0..<32).map { row in
      var acc: Float = 0
      for b in x.scales.indices {
        let block = b * 64..<(b + 1) * 64
        let dot = zip(panel.codes[row][block], x.codes[block]).reduce(0) {
          $0 + Int($1.0) * $1.1
        }
        let scale = Self.scale(step: step, code: panel.scaleCodes[row][b])
        acc = fma(Float(dot), scale * x.scales[b], acc)
      }
      return acc + bias[row]
    }
  }

  /// §7: one output for each row of weights.
  public static func multiply(_ x: [Float], _ rows: [[Float]], bias: [Float]) -> [Float] {
    rows.indices.map { row in
      var acc: Float = 0
      for start in stride(from: 0, to: x.count, by: 64) {
        let block = start..<min(start + 64, x.count)
        acc += chain(x[block], rows[row][block])
      }
      return acc + bias[row]
    }
  }
}
