import Testing
import ThimbleOps
import ThimbleSystem
import ThimbleTestSupport

@Suite("Linear layers with an activation function, on every runnable instruction set")
struct ActivatedLinearTests {
  struct Shape: Sendable, CustomTestStringConvertible {
    var rows: Int
    var panelsPerChunk: Int
    var tokens: Int
    var testDescription: String {
      "\(rows) outputs, \(panelsPerChunk) panels a chunk, \(tokens) rows"
    }
  }

  // Chunks of whole blocks and of half ones, a last chunk that has less, one chunk alone; rows up to the 64 that a round
  // takes, and more.
  static let shapes = [
    Shape(rows: 5, panelsPerChunk: 1, tokens: 3), Shape(rows: 160, panelsPerChunk: 1, tokens: 66),
    Shape(rows: 96, panelsPerChunk: 2, tokens: 130),
    Shape(rows: 130, panelsPerChunk: 2, tokens: 64),
    Shape(rows: 290, panelsPerChunk: 3, tokens: 7), Shape(rows: 90, panelsPerChunk: 3, tokens: 66),
    Shape(rows: 64, panelsPerChunk: 2, tokens: 0),
  ]

  private func reference(_ activation: ActivatedLinear.Activation, _ x: Float) -> Float {
    switch activation {
    case .gelu: Reference.gelu(x)
    case .relu: x > 0 ? x : 0
    }
  }

  @Test("the quantised outputs are those of the reference", arguments: shapes, [true, false])
  func outputs(shape: Shape, hasFactors: Bool) throws {
    let columns = 40
    let seed = UInt64(shape.rows)
    var random = SeededRandom(seed: seed)
    let matrix = try TestMatrix(
      &random, rows: shape.rows, columns: columns, panelsPerChunk: shape.panelsPerChunk, workers: 5,
      factors: hasFactors ? random.normals(columns).map(abs) : nil)
    let (bias, x) = (random.normals(shape.rows), random.normals(shape.tokens, by: columns))
    let nextFactors = hasFactors ? random.normals(shape.rows).map { abs($0) + 0.5 } : nil
    for (activation, precision) in [
      (.gelu, .int8), (.relu, .int8), (.gelu, .int16), (.relu, .int16),
    ] as [(ActivatedLinear.Activation, ActivationPrecision)] {
      let k = PanelGeometry.paddedColumns(shape.rows)
      let wanted = try x.map { row in
        Reference.quantize(
          matrix.outputs(row, bias: bias, precision: precision).map { reference(activation, $0) },
          columnFactors: nextFactors, precision: precision)
      }.quantizedRows(k: k, precision: precision)
      for (kernels, threads) in LinearTests.machines {
        let layer = try ActivatedLinear(
          Linear(weights: matrix, bias: aligned(padded(bias))), activation: activation,
          nextFactors: nextFactors.map(aligned), maximumRows: max(shape.tokens, 1)
        ) { count throws(SystemError) in
          var tiles: [AlignedArray<Float>] = []
          for _ in 0..<threads { tiles.append(try AlignedArray(count: count)) }
          return tiles
        }
        // A row more than is computed, which must stay as it is.
        let output = try QuantizedRows(rows: shape.tokens + 1, k: k, precision: precision)
        try layer.compute(
          LinearInput(
            x, columns: columns, form: InputForm(of: matrix), precision: precision,
            kernels: kernels),
          into: output, rows: shape.tokens, pool: ComputePool(threadCount: threads),
          kernels: kernels)
        #expect(
          Contents(output, rows: shape.tokens) == Contents(wanted, rows: shape.tokens),
          "seed \(seed), \(kernels), \(threads) threads, \(activation), \(precision)")
        #expect(output.codes.from(shape.tokens * k).values(k).allSatisfy { $0 == 0 })
      }
    }
  }

  private struct Contents: Equatable {
    var codes: [Int8]
    var low: [Int8]?
    var scales: [UInt32]
    var offsets: [Int32]

    init(_ x: QuantizedRows, rows: Int) {
      let blocks = rows * x.k / 64
      codes = x.codes.from(0).values(rows * x.k)
      low = x.lowCodes?.from(0).values(rows * x.k)
      scales = x.scales.from(0).values(blocks).map(\.bitPattern)
      offsets = x.offsets.from(0).values(blocks)
    }
  }

  @Test(
    "an activation changes the range that it is given and nothing else",
    arguments: KernelTable.runnable)
  func range(kernels: KernelTable) throws {
    var random = SeededRandom(seed: 4)
    let values = random.normals(100, scale: 3) + [-0.0, 0, .infinity, -.infinity, 0x1p-140, -20]
    for activation in [ActivatedLinear.Activation.gelu, .relu] {
      let memory = try aligned(values)
      activation.apply(to: memory, 7..<values.count - 1, kernels)
      let wanted = values.enumerated().map { index, value in
        (7..<values.count - 1).contains(index) ? reference(activation, value) : value
      }
      #expect(difference(memory.from(0).values(values.count), wanted) == nil)
    }
  }

  @Test("a chunk that cannot be had ends the computation with its error", arguments: [1, 2])
  func broken(threads: Int) throws {
    var random = SeededRandom(seed: 5)
    let matrix = try TestMatrix(
      &random, rows: 300, columns: 64, panelsPerChunk: 1, workers: threads, broken: 9)
    let tiles = try (0..<threads).map { _ in try AlignedArray<Float>(count: 64 * 64) }
    let layer = try ActivatedLinear(
      Linear(weights: matrix, bias: AlignedArray(count: 320)), activation: .gelu, nextFactors: nil,
      maximumRows: 1, tiles: { _ in tiles })
    let input = try LinearInput(
      random.normals(1, by: 64), columns: 64, form: InputForm(of: matrix), precision: .int8,
      kernels: .underTest)
    #expect(throws: WeightError("chunk 9 is broken")) {
      try layer.compute(
        input, into: QuantizedRows(rows: 1, k: 320), rows: 1,
        pool: ComputePool(threadCount: threads), kernels: .underTest)
    }
  }
}
