import Testing
import ThimbleSystem
import ThimbleTestSupport

@Suite("From weights to panels, on every runnable instruction set")
struct KernelWeightTests {
  static let shapes = [
    (0, 64), (1, 1), (1, 64), (5, 63), (16, 65), (17, 16), (31, 15), (32, 64), (32, 200),
    (32, 1280),
  ]

  /// The bytes of `rows` in a checkpoint, at an odd address, and the values that they stand for.
  private func checkpoint(
    _ rows: [[Float]], _ element: WeightElement
  ) throws -> (bytes: ByteView, values: [[Float]]) {
    var bytes: [UInt8] = [0]
    func append(_ bits: some FixedWidthInteger) {
      for shift in stride(from: 0, to: bits.bitWidth, by: 8) {
        bytes.append(UInt8(truncatingIfNeeded: bits >> shift))
      }
    }
    let values = rows.map { row in
      row.map { value in
        switch element {
        case .float32:
          append(value.bitPattern)
          return value
        case .float16:
          append(Float16(value).bitPattern)
          return Float(Float16(value))
        case .bfloat16:
          append(UInt16(value.bitPattern >> 16))
          return Float(bitPattern: value.bitPattern & 0xFFFF_0000)
        }
      }
    }
    let view = try ByteView(bytes)
    return (view[1..<view.count], values)
  }

  @Test(
    "an fp32 panel holds the weights, transposed",
    arguments: KernelTable.runnable, WeightElement.allCases)
  func packF32(kernels: KernelTable, element: WeightElement) throws {
    var random = SeededRandom(seed: 7)
    for (rows, columns) in Self.shapes {
      // Down to the subnormal numbers of fp16.
      let weights = (0..<rows).map { row in
        random.normals(columns, scale: row % 3 == 0 ? 0x1p-20 : 1)
      }
      let (bytes, values) = try checkpoint(weights, element)
      let out = try array(of: untouched, count: columns * 32 + 1)
      kernels.packF32(
        WeightRows(bytes, element: element, rows: rows, columns: columns), into: out)
      let wanted = (0..<columns * 32).map { $0 % 32 < rows ? values[$0 % 32][$0 / 32] : 0 }
      expectSame(out.values(columns * 32 + 1), wanted + [untouched], "for \(rows) x \(columns)")
    }
  }

  @Test("every fp16 number becomes the fp32 number that it is", arguments: KernelTable.runnable)
  func float16(kernels: KernelTable) throws {
    for part in 0..<32 {
      let bits = (0..<2048).map { UInt16(part * 2048 + $0) }
      let view = try ByteView(bits.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] })
      let out = try array(of: untouched, count: 2048 * 32)
      kernels.packF32(WeightRows(view, element: .float16, rows: 1, columns: 2048), into: out)
      let found = (0..<2048).map { out.array[out.offset + $0 * 32] }
      for (value, bits) in zip(found, bits) {
        let wanted = Float(Float16(bitPattern: bits))
        #expect(value.bitPattern == wanted.bitPattern || value.isNaN && wanted.isNaN)
      }
    }
  }

  @Test(
    "int8 panels are those of the reference",
    arguments: KernelTable.runnable, WeightElement.allCases)
  func encodeQ8(kernels: KernelTable, element: WeightElement) throws {
    var random = SeededRandom(seed: 8)
    for (rows, columns) in Self.shapes {
      let factors = random.normals(columns).map { abs($0) + 0.25 }
      for (step, columnFactors) in [(0x1p-9 as Float, nil), (0.002, factors), (1e-7, factors)] {
        var weights = random.normals(rows, by: columns, scale: 0.04)
        for row in 0..<rows { weights[row][row % columns] *= Float(1 << row % 14) }
        let (bytes, values) = try checkpoint(weights, element)
        let wanted = try #require(
          Reference.encode(values, columnFactors: columnFactors, step: step))
        let k = rows == 0 ? PanelGeometry.paddedColumns(columns) : wanted.k
        let codes = try array(of: 99 as UInt8, count: k * 32 + 1)
        let scaleCodes = try array(of: 99 as UInt8, count: k / 2 + 1)
        let found = try kernels.encodeQ8(
          WeightRows(bytes, element: element, rows: rows, columns: columns),
          columnFactors: try columnFactors.map(array), steps: StepTable(step: step), codes: codes,
          scaleCodes: scaleCodes)
        guard rows > 0 else {
          #expect(codes.values(k * 32 + 1) == .init(repeating: 128, count: k * 32) + [99])
          continue
        }
        #expect(codes.values(k * 32 + 1) == wanted.codeBytes + [99])
        #expect(scaleCodes.values(k / 2 + 1) == wanted.scaleCodeBytes + [99])
        #expect(found == EncodedPanel(signal: wanted.signal, noise: wanted.noise))
      }
    }
  }

  @Test(
    "a row of a panel stands for its codes times their scales and factors",
    arguments: KernelTable.runnable, [1, 63, 64, 200])
  func dequantizeQ8(kernels: KernelTable, columns: Int) throws {
    var random = SeededRandom(seed: UInt64(columns))
    var weights = random.normals(32, by: columns, scale: 0.04)
    for row in 0..<32 { weights[row][row % columns] *= Float(1 << row % 14) }
    let step: Float = 0.002
    let panel = try #require(Reference.encode(weights, step: step))
    for factors in [nil, random.normals(columns)] {
      for row in [0, 17, 31] {
        let out = try array(of: 99 as Float, count: columns + 1)
        kernels.dequantizeQ8(
          try panel.panel(step: step), row: row, columns: columns,
          columnFactors: try factors.map(array), into: out)
        let wanted = (0..<columns).map { column in
          let scale = Reference.scale(step: step, code: panel.scaleCodes[row][column / 64])
          return Float(panel.codes[row][column]) * scale * (factors?[column] ?? 1)
        }
        expectSame(out.values(columns + 1), wanted + [99])
      }
    }
  }

  @Test(
    "a scale code is the smallest that brings the block into range",
    arguments: KernelTable.runnable)
  func scaleCodes(kernels: KernelTable) throws {
    let steps = StepTable(step: 0x1p-9)
    for code in stride(from: 0, through: 255, by: 5) {
      // 127 steps fit exactly; the next fp32 number needs the next code.
      let limit = 127 * steps.scale(code: UInt8(code))
      for (value, wanted) in [(limit.nextDown.nextDown, code), (limit.nextUp.nextUp, code + 1)] {
        let (bytes, _) = try checkpoint([[value]], .float32)
        let codes = try array(of: 0 as UInt8, count: 64 * 32)
        let scaleCodes = try array(of: 0 as UInt8, count: 32)
        func encode() throws(WeightOutOfRange) {
          _ = try kernels.encodeQ8(
            WeightRows(bytes, element: .float32, rows: 1, columns: 1), steps: steps, codes: codes,
            scaleCodes: scaleCodes)
        }
        if wanted > 255 {
          #expect(throws: WeightOutOfRange(row: 0, column: 0)) { try encode() }
        } else {
          try encode()
          #expect(scaleCodes.values(1) == [UInt8(wanted)])
        }
      }
    }
  }

  @Test(
    "the first weight in row order that cannot be encoded is named",
    arguments: KernelTable.runnable, [Float.nan, -.nan, .infinity, -.infinity, 0x1p60])
  func outOfRange(kernels: KernelTable, value: Float) throws {
    var random = SeededRandom(seed: 9)
    var weights = random.normals(32, by: 200)
    weights[30][2] = value
    weights[7][199] = value
    weights[9][0] = value
    let (bytes, _) = try checkpoint(weights, .float32)
    #expect(throws: WeightOutOfRange(row: 7, column: 199)) {
      _ = try kernels.encodeQ8(
        WeightRows(bytes, element: .float32, rows: 32, columns: 200),
        steps: StepTable(step: 0.001), codes: try array(of: 0, count: 256 * 32),
        scaleCodes: try array(of: 0, count: 128))
    }
  }

  @Test(
    "planes are split as specified and joined back",
    arguments: KernelTable.runnable, [0, 1, 63, 64, 65, 1000])
  func planes(kernels: KernelTable, half: Int) throws {
    var random = SeededRandom(seed: UInt64(half))
    let codes = (0..<2 * half).map { _ in UInt8.random(in: 0...255, using: &random) }
    let low = try AlignedArray<UInt8>(count: half)
    let high = try AlignedArray<UInt8>(count: half)
    kernels.splitPlanes(try array(codes), half: half, low: low.from(0), high: high.from(0))
    for i in 0..<half {
      #expect(low[i] == codes[i] & 15 | codes[half + i] << 4)
      #expect(high[i] == codes[i] >> 4 | codes[half + i] & 0xF0)
    }
    let out = try array(of: 99 as UInt8, count: 2 * half + 1)
    kernels.joinPlanes(low: ByteView(low), high: high.from(0), into: out)
    #expect(out.values(2 * half + 1) == codes + [99])
  }
}
