import Testing
import ThimbleOps
import ThimbleSystem
import ThimbleTestSupport

@Suite("Panels, layer norms and what codes stand for")
struct PanelTests {
  @Test(
    "a matrix in fp32 panels has its rows, and zeros where it has none", arguments: [1, 32, 45])
  func floatMatrix(rows: Int) throws {
    let seed = UInt64(rows)
    var random = SeededRandom(seed: seed)
    let columns = 37
    let values = random.normals(rows, by: columns)
    let matrix = try makeFloatMatrix(Array(values.joined()), rows: rows, columns: columns)
    #expect(matrix.precision == .float32 && matrix.columnFactors == nil)
    #expect(matrix.chunkCount == (rows + 31) / 32)
    for chunk in 0..<matrix.chunkCount {
      #expect(matrix.panels(ofChunk: chunk) == chunk..<chunk + 1)
      guard case .float32(let panel) = try matrix.load(chunk: chunk, worker: 0) else {
        Issue.record("the panel is not fp32")
        continue
      }
      let wanted = (0..<columns * 32).map { index in
        let row = chunk * 32 + index % 32
        return row < rows ? values[row][index / 32] : 0
      }
      #expect(difference(panel.values(columns * 32), wanted) == nil, "seed \(seed)")
    }
    for row in 0..<rows {
      let copy = try AlignedArray<Float>(count: columns + 4)
      try matrix.copyRow(row, into: copy, at: 3, worker: 0)
      #expect(copy.from(0).values(columns + 4) == [0, 0, 0] + values[row] + [0], "seed \(seed)")
      #expect(matrix.group(ofRow: row) == row / 32)
    }
  }

  @Test(
    "a panel as fp32 is what the kernels make of its rows",
    arguments: KernelTable.runnable, [1, 63, 64, 200])
  func dequantizedPanel(kernels: KernelTable, columns: Int) throws {
    let seed = UInt64(columns)
    var random = SeededRandom(seed: seed)
    var weights = random.normals(32, by: columns, scale: 0.04)
    for row in 0..<32 { weights[row][row % columns] *= Float(1 << row % 14) }
    var encoded = try #require(Reference.encode(weights, step: 0.002))
    // What no encoder writes, but a file may hold.
    encoded.codes[3][0] = -128
    let panel = try encoded.panel(step: 0.002)
    for factors in [nil, try aligned(random.normals(columns))] {
      let out = try array(of: 99 as Float, count: columns * 32 + 1)
      panel.dequantize(columns: columns, factors: factors, into: out)
      let found = out.values(columns * 32 + 1)
      #expect(found.last == 99, "more than the panel was written")
      for row in 0..<32 {
        let wanted = try AlignedArray<Float>(count: columns)
        kernels.dequantizeQ8(
          panel, row: row, columns: columns, columnFactors: factors?.from(0),
          into: wanted.from(0))
        let values = (0..<columns).map { found[$0 * 32 + row] }
        #expect(difference(values, wanted.from(0).values(columns)) == nil, "seed \(seed)")
      }
    }
  }

  @Test("panels that follow each other are found by their number")
  func following() throws {
    let k = 128
    let codes = try AlignedArray<UInt8>(count: 3 * 32 * k + 5)
    let scaleCodes = try AlignedArray<UInt8>(count: 3 * k / 2 + 1)
    let first = Q8Panel(
      codes: codes.from(5), scaleCodes: scaleCodes.from(1), steps: StepTable(step: 1), k: k)
    #expect(first.following(0).codes.offset == 5)
    #expect(first.following(2).codes.offset == 5 + 2 * 32 * k)
    #expect(first.following(2).scaleCodes.offset == 1 + 2 * k / 2)
    #expect(first.following(2).codes.array === codes && first.following(2).k == k)
  }

  @Test(
    "rounded rows are their codes times their scales, without the factors",
    arguments: ActivationPrecision.allCases, [1, 64, 100])
  func roundedInput(precision: ActivationPrecision, columns: Int) throws {
    let seed = UInt64(columns)
    var random = SeededRandom(seed: seed)
    let x = random.normals(4, by: columns)
    for factors in [nil, random.normals(columns).map { abs($0) + 0.1 }] {
      let rows = x.map { Reference.quantize($0, columnFactors: factors, precision: precision) }
      let quantized = try rows.quantizedRows(
        k: PanelGeometry.paddedColumns(columns), precision: precision)
      let output = try FloatRows(rows: 5, width: columns)
      quantized.dequantize(
        rows: 1..<4, columns: columns, factors: try factors.map(aligned), into: output)
      for row in 0..<5 {
        let wanted = (0..<columns).map { column in
          (1..<4).contains(row)
            ? Float(rows[row].codes[column]) * rows[row].scales[column / 64]
              / (factors?[column] ?? 1)
            : 0
        }
        #expect(difference(output.row(row), wanted) == nil, "seed \(seed), row \(row)")
      }
    }
  }

  @Test(
    "a layer norm over padded rows is that of the reference, in place too",
    arguments: KernelTable.runnable, [1, 31, 64, 1280])
  func layerNorm(kernels: KernelTable, width: Int) throws {
    let seed = UInt64(width)
    var random = SeededRandom(seed: seed)
    let (x, residual) = (random.normals(3, by: width), random.normals(3, by: width, scale: 4))
    let (weight, bias) = (random.normals(width), random.normals(width))
    let norm = LayerNorm(weight: try aligned(weight), bias: try aligned(bias), epsilon: 1e-12)
    for hasResidual in [false, true] {
      let rows = try FloatRows(x, width: width)
      let added = try FloatRows(residual, width: width)
      kernels.layerNorm(
        rows.from(row: 0), residual: hasResidual ? added.from(row: 0) : nil, rows: 3,
        columns: width, weight: norm.weight.from(0), bias: norm.bias.from(0),
        epsilon: norm.epsilon, out: rows.from(row: 0))
      for row in 0..<3 {
        let wanted = Reference.layerNorm(
          x[row], residual: hasResidual ? residual[row] : nil, weight: weight, bias: bias,
          epsilon: 1e-12)
        #expect(difference(rows.row(row), wanted) == nil, "seed \(seed), row \(row)")
      }
    }
  }
}
