import Testing
import ThimbleSystem
import ThimbleTestSupport

@Suite("Work on rows of activations, on every runnable instruction set")
struct KernelRowTests {
  static let columnCounts = [1, 4, 15, 16, 17, 63, 64, 65, 128, 200, 1280]

  @Test(
    "quantised activations are those of the reference",
    arguments: KernelTable.runnable, [0] + columnCounts)
  func quantize(kernels: KernelTable, columns: Int) throws {
    var random = SeededRandom(seed: UInt64(columns))
    var x = random.normals(3, by: columns)
    // Blocks of zeros, of numbers too small for a scale, of very large ones, and of ties.
    x.append(.init(repeating: 0, count: columns))
    x.append((0..<columns).map { _ in random.normal() * 0x1p-102 })
    x.append((0..<columns).map { _ in random.normal() * 0x1p120 })
    x.append((0..<columns).map { $0 % 64 == 0 ? 127 : Float($0 % 200) / 2 - 50 })
    let k = PanelGeometry.paddedColumns(columns)
    let factors = random.normals(columns).map { abs($0) + 0.25 }
    for (factors, precision) in [
      (nil, ActivationPrecision.int8), (factors, .int8), (nil, .int16), (factors, .int16),
    ] {
      let out = try QuantizedRows(rows: x.count + 1, k: k, precision: precision)
      kernels.quantize(
        try rows(x, columns: columns), columns: columns, columnFactors: try factors.map(array),
        into: out, rows: 1..<x.count + 1)
      #expect(out.codes.from(0).values(k).allSatisfy { $0 == 0 }, "row 0 was not asked for")
      let wanted = x.map {
        Reference.quantize($0, columnFactors: factors, precision: precision)
      }
      let rows = try wanted.quantizedRows(k: k, precision: precision)
      let blocks = x.count * k / 64
      #expect(out.codes.from(k).values(x.count * k) == rows.codes.from(0).values(x.count * k))
      #expect(
        out.lowCodes?.from(k).values(x.count * k) == rows.lowCodes?.from(0).values(x.count * k))
      expectSame(out.scales.from(k / 64).values(blocks), rows.scales.from(0).values(blocks))
      #expect(out.offsets.from(k / 64).values(blocks) == rows.offsets.from(0).values(blocks))
    }
  }

  @Test("every code of int16 is the sum of its terms")
  func terms() {
    for code in -32512...32512 {
      let (high, low) = Reference.terms(code)
      #expect(255 * Int(high) + Int(low) == code && high >= -127 && low >= -127)
    }
  }

  @Test(
    "blocks of columns are quantised into their place in longer rows",
    arguments: KernelTable.runnable)
  func quantizeColumns(kernels: KernelTable) throws {
    var random = SeededRandom(seed: 5)
    let x = random.normals(3, by: 200)
    let whole = try QuantizedRows(rows: 3, k: 256)
    let parts = try QuantizedRows(rows: 3, k: 256)
    let input = try rows(x, columns: 200)
    kernels.quantize(input, columns: 200, into: whole, rows: 0..<3)
    for (column, count) in [(128, 72), (0, 128)] {
      kernels.quantize(
        input.from(column: column), columns: count, into: parts, rows: 0..<3, column: column)
    }
    #expect(parts.codes.from(0).values(3 * 256) == whole.codes.from(0).values(3 * 256))
    expectSame(parts.scales.from(0).values(12), whole.scales.from(0).values(12))
    #expect(parts.offsets.from(0).values(12) == whole.offsets.from(0).values(12))
  }

  @Test("LayerNorm is that of the reference", arguments: KernelTable.runnable, columnCounts)
  func layerNorm(kernels: KernelTable, columns: Int) throws {
    var random = SeededRandom(seed: UInt64(columns))
    let x = random.normals(3, by: columns)
    let weight = random.normals(columns)
    let bias = random.normals(columns)
    for residual in [nil, random.normals(3, by: columns, scale: 10)] {
      let wanted = x.indices.map {
        Reference.layerNorm(
          x[$0], residual: residual?[$0], weight: weight, bias: bias, epsilon: 1e-12)
      }
      let input = try rows(x, columns: columns)
      let out = try rows(.init(repeating: [], count: 3), columns: columns)
      for place in [out, input] {  // into another place, then in place
        kernels.layerNorm(
          input, residual: try residual.map { try rows($0, columns: columns) }, rows: 3,
          columns: columns, weight: try array(weight), bias: try array(bias), epsilon: 1e-12,
          out: place)
        for (row, found) in place.values(3, columns: columns).enumerated() {
          expectSame(found, wanted[row])
        }
      }
    }
  }

  @Test("a constant row becomes the bias", arguments: KernelTable.runnable)
  func constantRow(kernels: KernelTable) throws {
    let bias: [Float] = (0..<20).map { Float($0) }
    let x = try rows([.init(repeating: 3, count: 20)], columns: 20)
    kernels.layerNorm(
      x, rows: 1, columns: 20, weight: try array(of: 2, count: 20), bias: try array(bias),
      epsilon: 1e-12, out: x)
    expectSame(x.values(1, columns: 20)[0], bias)
  }

  @Test("GELU is that of the reference", arguments: KernelTable.runnable, [0, 1, 15, 16, 17, 3000])
  func gelu(kernels: KernelTable, count: Int) throws {
    var random = SeededRandom(seed: UInt64(count))
    var values = random.normals(count, scale: 3)
    let special: [Float] = [0, -0.0, 8.5, -8.5, 100, -100, .leastNonzeroMagnitude]
    for (i, value) in special.enumerated() where i < count {
      values[i] = value
    }
    let x = try array(values + [untouched])
    kernels.gelu(x, count: count)
    expectSame(x.values(count + 1), values.map(Reference.gelu) + [untouched])
  }

  @Test(
    "the sum of exponentials is that of the reference",
    arguments: KernelTable.runnable, [1, 2, 15, 16, 17, 47, 1000])
  func sumExp(kernels: KernelTable, count: Int) throws {
    var random = SeededRandom(seed: UInt64(count))
    for scale: Float in [0, 1, 10, 100, -0.0] {
      let values = random.normals(count, scale: scale)
      let found = kernels.sumExp(try array(values), count: count)
      let wanted = Reference.sumExp(values)
      expectSame([found.max, found.sum], [wanted.max, wanted.sum])
    }
  }

  @Test(
    "attention is that of the reference", arguments: KernelTable.runnable,
    [(1, 80), (2, 4), (11, 16), (12, 17), (13, 80), (31, 20), (32, 4), (33, 128), (70, 80)])
  func attention(kernels: KernelTable, shape: (length: Int, headDim: Int)) throws {
    let (length, headDim) = shape
    var random = SeededRandom(seed: UInt64(length))
    for scale: Float in [1, 5] {
      let q = random.normals(length, by: headDim, scale: scale)
      let k = random.normals(length, by: headDim, scale: scale)
      let v = random.normals(length, by: headDim)
      for isCausal in [false, true] {
        let out = try rows(.init(repeating: [], count: length), columns: headDim)
        let needed = KernelTable.attentionScratch(length: length, headDim: headDim)
        let scratch = try array(of: Float.nan, count: needed + 16)
        kernels.attention(
          q: try rows(q, columns: headDim), k: try rows(k, columns: headDim),
          v: try rows(v, columns: headDim), length: length, headDim: headDim,
          mask: isCausal ? .causal : .none, scratch: scratch, out: out)
        let wanted = Reference.attention(q: q, k: k, v: v, isCausal: isCausal)
        for (i, found) in out.values(length, columns: headDim).enumerated() {
          expectSame(found, wanted[i], "for query \(i), causal: \(isCausal)")
        }
        let beyond = scratch.array.from(scratch.offset + needed).values(16)
        #expect(beyond.allSatisfy { $0.isNaN }, "scratch beyond its size was written")
      }
    }
  }
}
