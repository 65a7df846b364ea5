import Testing
import ThimbleSystem
import ThimbleTestSupport

@Suite("Multiplication by a panel, on every runnable instruction set")
struct KernelMatmulTests {
  // Up to and beyond the tile of every instruction set, and enough for the tiles of many tokens.
  static let tokenCounts = Array(0...13) + [25, 133]

  @Test("products are those of the reference", arguments: KernelTable.runnable, tokenCounts)
  func matmulQ8(kernels: KernelTable, tokens: Int) throws {
    var random = SeededRandom(seed: UInt64(tokens))
    let k = 192
    // A step so small that blocks with outliers need larger scales.
    let step: Float = 0x1p-10
    var weights = random.normals(32, by: k, scale: 0.04)
    for row in 0..<32 { weights[row][row * 5] *= Float(1 << (row % 11)) }
    let panel = try #require(Reference.encode(weights, step: step))
    #expect(Set(panel.scaleCodes.joined()).count > 8)
    let (x, bias) = (random.normals(tokens, by: k), random.normals(32))
    for precision in ActivationPrecision.allCases {
      let codes = x.map { Reference.quantize($0, precision: precision) }
      try check(kernels, panel, step: step, codes, precision, bias: bias)
    }
  }

  @Test("products at the ends of the range do not saturate", arguments: KernelTable.runnable)
  func extremes(kernels: KernelTable) throws {
    let patterns: [@Sendable (Int) -> Int] = [
      { _ in 1 }, { _ in -1 }, { $0 % 2 == 0 ? 1 : -1 }, { $0 % 3 == 0 ? -1 : 1 },
    ]
    let k = 128
    func rows(_ largest: Int) -> [Reference.QuantizedRow] {
      patterns.map { pattern in
        Reference.QuantizedRow(codes: (0..<k).map { largest * pattern($0) }, scales: [1, 0.5])
      }
    }
    func check(_ panel: Reference.QuantizedPanel) throws {
      let zeros = [Float](repeating: 0, count: 32)
      try self.check(kernels, panel, step: 1, rows(127), bias: zeros)
      try self.check(kernels, panel, step: 1, rows(32512), .int16, bias: zeros)
    }
    for pattern in patterns {
      var panel = Reference.QuantizedPanel()
      panel.codes = .init(repeating: (0..<k).map { Int8(127 * pattern($0)) }, count: 32)
      panel.scaleCodes = .init(repeating: [0, 255], count: 32)
      try check(panel)
      // What no encoder writes, but a file may hold.
      panel.codes[5] = .init(repeating: -128, count: k)
      try check(panel)
    }
  }

  @Test(
    "products of the model's sizes are those of the reference",
    arguments: KernelTable.runnable, [64, 1280, 5120])
  func modelSizes(kernels: KernelTable, k: Int) throws {
    var random = SeededRandom(seed: UInt64(k))
    let panel = Reference.QuantizedPanel(
      codes: (0..<32).map { _ in (0..<k).map { _ in Int8.random(in: -127...127, using: &random) } },
      scaleCodes: (0..<32).map { _ in
        (0..<k / 64).map { _ in UInt8.random(in: 0...9, using: &random) }
      })
    let (x, bias) = (random.normals(2, by: k), random.normals(32))
    for precision in ActivationPrecision.allCases {
      let codes = x.map { Reference.quantize($0, precision: precision) }
      try check(kernels, panel, step: 0.003, codes, precision, bias: bias)
    }
  }

  private func check(
    _ kernels: KernelTable, _ panel: Reference.QuantizedPanel, step: Float,
    _ x: [Reference.QuantizedRow], _ precision: ActivationPrecision = .int8, bias: [Float],
    _ location: SourceLocation = #_sourceLocation
  ) throws {
    let out = try rows(.init(repeating: [], count: x.count), columns: 32)
    kernels.matmulQ8(
      try panel.panel(step: step), x: try x.quantizedRows(k: panel.k, precision: precision),
      tokens: 0..<x.count, bias: try array(bias), out: out)
    let found = out.values(x.count, columns: 32)
    for t in x.indices {
      expectSame(
        found[t], Reference.multiply(x[t], panel, step: step, bias: bias), "for token \(t)",
        location)
    }
  }

  @Test("a part of the tokens gives the same rows", arguments: KernelTable.runnable)
  func tokenRange(kernels: KernelTable) throws {
    var random = SeededRandom(seed: 1)
    let panel = try #require(Reference.encode(random.normals(32, by: 64), step: 0.03))
    let x = random.normals(9, by: 64).map { Reference.quantize($0) }
    let bias = random.normals(32)
    let out = try rows(.init(repeating: [], count: 4), columns: 32)
    kernels.matmulQ8(
      try panel.panel(step: 0.03), x: try x.quantizedRows(k: 64), tokens: 3..<7,
      bias: try array(bias), out: out)
    for (t, row) in out.values(4, columns: 32).enumerated() {
      expectSame(row, Reference.multiply(x[3 + t], panel, step: 0.03, bias: bias))
    }
  }

  @Test(
    "several panels at once give what each gives by itself", arguments: KernelTable.runnable,
    [1, 7, 26, 70, 130])
  func severalPanels(kernels: KernelTable, tokens: Int) throws {
    var random = SeededRandom(seed: UInt64(tokens))
    let (k, count) = (1344, 3)
    let codes = try AlignedArray<UInt8>(count: (count + 1) * 32 * k)
    for index in 0..<codes.count { codes[index] = UInt8.random(in: 1...255, using: &random) }
    let scaleCodes = try AlignedArray<UInt8>(count: count * k / 2)
    // Blocks with and without scales of their own.
    for _ in 0..<40 {
      scaleCodes[Int.random(in: 0..<scaleCodes.count, using: &random)] = UInt8.random(
        in: 1...99, using: &random)
    }
    let x = try random.normals(tokens, by: k).map { Reference.quantize($0) }.quantizedRows(k: k)
    let bias = try array(random.normals(32 * count))
    func panel(_ index: Int, next: Q8Panel.Next) -> Q8Panel {
      Q8Panel(
        codes: codes.from(index * 32 * k), scaleCodes: scaleCodes.from(index * k / 2),
        steps: StepTable(step: 0.003), k: k, next: next)
    }
    let together = try AlignedArray<Float>(count: tokens * 32 * count)
    let single = try AlignedArray<Float>(count: tokens * 32 * count)
    kernels.matmulQ8(
      panel(0, next: .followingCodes), count: count, x: x, tokens: 0..<tokens, bias: bias,
      out: Rows(together, stride: 32 * count))
    for index in 0..<count {
      kernels.matmulQ8(
        panel(index, next: .bytes(try ByteView([1, 2, 3]))), x: x, tokens: 0..<tokens,
        bias: bias.array.from(bias.offset + 32 * index),
        out: Rows(single, at: 32 * index, stride: 32 * count))
    }
    for index in 0..<together.count {
      #expect(together[index].bitPattern == single[index].bitPattern)
    }
  }

  @Test(
    "fp32 products are those of the reference", arguments: KernelTable.runnable,
    [(0, 3), (1, 1), (63, 5), (64, 2), (65, 13), (200, 25), (1280, 1)] + (0...13).map { (16, $0) })
  func matmulF32(kernels: KernelTable, shape: (k: Int, tokens: Int)) throws {
    var random = SeededRandom(seed: UInt64(shape.k + 1000 * shape.tokens))
    let weights = random.normals(32, by: shape.k)
    let x = random.normals(shape.tokens, by: shape.k)
    let bias = random.normals(32)
    let out = try rows(.init(repeating: [], count: x.count), columns: 32)
    kernels.matmulF32(
      weights: try array((0..<shape.k * 32).map { weights[$0 % 32][$0 / 32] }), k: shape.k,
      x: try rows(x, columns: shape.k), tokens: x.count, bias: try array(bias), out: out)
    let found = out.values(x.count, columns: 32)
    for t in x.indices {
      expectSame(found[t], Reference.multiply(x[t], weights, bias: bias), "for token \(t)")
    }
  }

  @Test(
    "a multiply-add is rounded once, whatever the exponents", arguments: KernelTable.runnable)
  func wildExponents(kernels: KernelTable) throws {
    var random = SeededRandom(seed: 3)
    func wild() -> Float {
      Float(
        sign: Bool.random(using: &random) ? .plus : .minus,
        exponent: Int.random(in: -74...40, using: &random),
        // Few digits now and then, so that ties and exact results occur.
        significand: 1 + Float(Int.random(in: 0..<8, using: &random)) / 8
          + (Bool.random(using: &random) ? Float.random(in: 0..<0.125, using: &random) : 0))
    }
    for _ in 0..<200 {
      let weights = (0..<32).map { _ in [wild(), wild()] }
      let x = [wild(), wild()]
      let out = try rows([[]], columns: 32)
      kernels.matmulF32(
        weights: try array((0..<64).map { weights[$0 % 32][$0 / 32] }), k: 2,
        x: try rows([x], columns: 2), tokens: 1, bias: try array(of: 0, count: 32), out: out)
      let wanted = Reference.multiply(x, weights, bias: .init(repeating: 0, count: 32))
      expectSame(out.values(1, columns: 32)[0], wanted)
    }
  }
}
