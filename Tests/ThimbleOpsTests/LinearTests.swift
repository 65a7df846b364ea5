import Synchronization
import Testing
import ThimbleOps
import ThimbleSystem
import ThimbleTestSupport

@Suite("Linear layers, on every runnable instruction set")
struct LinearTests {
  struct Shape: Sendable {
    var rows: Int
    var columns: Int
    var panelsPerChunk: Int
    var tokens: Int
    var hasFactors: Bool
  }

  static let shapes = [
    Shape(rows: 1, columns: 1, panelsPerChunk: 1, tokens: 1, hasFactors: false),
    Shape(rows: 33, columns: 65, panelsPerChunk: 1, tokens: 7, hasFactors: true),
    Shape(rows: 130, columns: 200, panelsPerChunk: 2, tokens: 13, hasFactors: true),
    Shape(rows: 96, columns: 64, panelsPerChunk: 5, tokens: 26, hasFactors: false),
    Shape(rows: 64, columns: 128, panelsPerChunk: 1, tokens: 0, hasFactors: true),
  ]

  /// Every runnable instruction set with some numbers of threads.
  static let machines = KernelTable.runnable.flatMap { kernels in
    [1, 2, 5].map { (kernels, threads: $0) }
  }

  @Test(
    "int8 outputs are those of the reference, and every chunk is loaded once",
    arguments: shapes.indices, ActivationPrecision.allCases)
  func int8(seed: Int, precision: ActivationPrecision) throws {
    let shape = Self.shapes[seed]
    var random = SeededRandom(seed: UInt64(seed))
    let factors = random.normals(shape.columns).map { abs($0) + 0.25 }
    let matrix = try TestMatrix(
      &random, rows: shape.rows, columns: shape.columns, panelsPerChunk: shape.panelsPerChunk,
      workers: 5, factors: shape.hasFactors ? factors : nil)
    let (bias, x) = (random.normals(shape.rows), random.normals(shape.tokens, by: shape.columns))
    let wanted = x.map { matrix.outputs($0, bias: bias, precision: precision) }
    for (number, (kernels, threads)) in Self.machines.enumerated() {
      let output = try FloatRows(rows: shape.tokens + 1, width: shape.rows)
      let group = LinearGroup([(Linear(weights: matrix, bias: try aligned(padded(bias))), output)])
      try group.compute(
        LinearInput(
          x, columns: shape.columns, form: group.inputForm, precision: precision, kernels: kernels),
        rows: shape.tokens, pool: ComputePool(threadCount: threads), kernels: kernels)
      for (row, wanted) in wanted.enumerated() {
        #expect(
          difference(output.row(row), wanted) == nil,
          "seed \(seed), \(kernels), \(threads) threads, row \(row)")
      }
      #expect(output.row(shape.tokens).allSatisfy { $0 == 0 }, "a row too many was written")
      let loads = matrix.loads.from(0).values(matrix.chunkCount)
      #expect(loads.allSatisfy { $0 == number + 1 }, "\(kernels), \(threads) threads")
    }
  }

  @Test("outputs of fp32 panels are those of the reference", arguments: shapes.indices)
  func float32(seed: Int) throws {
    let shape = Self.shapes[seed]
    var random = SeededRandom(seed: UInt64(seed))
    let weights = random.normals(shape.rows, by: shape.columns)
    let matrix = try makeFloatMatrix(
      Array(weights.joined()), rows: shape.rows, columns: shape.columns)
    let (bias, x) = (random.normals(shape.rows), random.normals(shape.tokens, by: shape.columns))
    let wanted = x.map { Reference.multiply($0, weights, bias: bias) }
    let input = LinearInput(
      rows: try FloatRows(x, width: shape.columns), quantized: try QuantizedRows(rows: 0, k: 0))
    for (kernels, threads) in Self.machines {
      let output = try FloatRows(rows: shape.tokens + 1, width: shape.rows)
      let group = LinearGroup([(Linear(weights: matrix, bias: try aligned(padded(bias))), output)])
      try group.compute(
        input, rows: shape.tokens, pool: ComputePool(threadCount: threads), kernels: kernels)
      for (row, wanted) in wanted.enumerated() {
        #expect(
          difference(output.row(row), wanted) == nil,
          "seed \(seed), \(kernels), \(threads) threads, row \(row)")
      }
      #expect(output.row(shape.tokens).allSatisfy { $0 == 0 }, "a row too many was written")
    }
  }

  @Test(
    "layers of a group have outputs of their own, whatever their chunks",
    arguments: KernelTable.runnable, [1, 3])
  func group(kernels: KernelTable, threads: Int) throws {
    let seed: UInt64 = 11
    var random = SeededRandom(seed: seed)
    let x = random.normals(9, by: 100)
    let matrices = try [(40, 1), (200, 2), (31, 4), (32, 1)].map { rows, panelsPerChunk in
      try TestMatrix(
        &random, rows: rows, columns: 100, panelsPerChunk: panelsPerChunk, workers: threads)
    }
    let biases = matrices.map { random.normals($0.rows) }
    let outputs = try matrices.map { try FloatRows(rows: 9, width: $0.rows) }
    let group = LinearGroup(
      try matrices.indices.map {
        (Linear(weights: matrices[$0], bias: try aligned(padded(biases[$0]))), outputs[$0])
      })
    let input = try LinearInput(
      x, columns: 100, form: group.inputForm, precision: .int8, kernels: kernels)
    try group.compute(
      input, rows: 9, pool: ComputePool(threadCount: threads), kernels: kernels)
    for (layer, matrix) in matrices.enumerated() {
      for row in x.indices {
        let wanted = matrix.outputs(x[row], bias: biases[layer], precision: .int8)
        let found = outputs[layer].row(row)
        #expect(difference(found, wanted) == nil, "seed \(seed), layer \(layer), row \(row)")
      }
      #expect(matrix.uses.load(ordering: .relaxed) == 1)
      #expect(matrix.ends.load(ordering: .relaxed) == 1)
      #expect(matrix.loads.from(0).values(matrix.chunkCount).allSatisfy { $0 == 1 })
    }
  }

  @Test("a chunk that cannot be had ends the computation with its error", arguments: [1, 2])
  func broken(threads: Int) throws {
    var random = SeededRandom(seed: 12)
    let matrix = try TestMatrix(
      &random, rows: 300, columns: 64, panelsPerChunk: 1, workers: threads, broken: 5)
    let group = LinearGroup([
      (
        Linear(weights: matrix, bias: try AlignedArray(count: 320)),
        try FloatRows(rows: 1, width: 300)
      )
    ])
    let input = try LinearInput(
      random.normals(1, by: 64), columns: 64, form: group.inputForm, precision: .int8,
      kernels: .underTest)
    let pool = try ComputePool(threadCount: threads)
    for _ in 0..<2 {
      #expect(throws: WeightError("chunk 5 is broken")) {
        try group.compute(input, rows: 1, pool: pool, kernels: .underTest)
      }
    }
  }
}
