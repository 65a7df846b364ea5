import Synchronization
import ThimbleOps
import ThimbleSystem
import ThimbleTestSupport

/// An int8 matrix that counts what is asked of it. Like one that is streamed, it loads chunks into scratch memory of the
/// worker, where the chunk before is lost.
final class TestMatrix: PanelSource {
  static let step: Float = 0x1p-9

  let rows: Int
  let columns: Int
  let precision = WeightPrecision.int8
  let columnFactors: AlignedArray<Float>?
  let panels: [Reference.QuantizedPanel]
  private let panelsPerChunk: Int
  private let k: Int
  private let codes: [[UInt8]]
  private let scaleCodes: [[UInt8]]
  private let scratch: [(codes: AlignedArray<UInt8>, scaleCodes: AlignedArray<UInt8>)]
  private let broken: Int?
  /// How often each chunk was loaded, and what was announced.
  let loads: AlignedArray<Int32>
  let uses = Atomic(0)
  let ends = Atomic(0)

  /// - Parameters:
  ///   - factors: by which columns are multiplied before they are quantised.
  ///   - broken: a chunk that cannot be loaded.
  init(
    _ random: inout SeededRandom, rows: Int, columns: Int, panelsPerChunk: Int, workers: Int,
    factors: [Float]? = nil, broken: Int? = nil
  ) throws {
    self.rows = rows
    self.columns = columns
    self.panelsPerChunk = panelsPerChunk
    self.broken = broken
    columnFactors = try factors.map(aligned)
    var weights = random.normals(rows, by: columns, scale: 0.04)
    // Outliers, so that not all blocks have the same scale.
    for row in weights.indices { weights[row][row % columns] *= Float(1 << row % 9) }
    panels = stride(from: 0, to: rows, by: 32).map { first in
      guard
        let panel = Reference.encode(Array(weights[first..<min(first + 32, rows)]), step: Self.step)
      else { preconditionFailure("weights too large for the step") }
      return panel
    }
    k = panels[0].k
    codes = panels.map(\.codeBytes)
    scaleCodes = panels.map(\.scaleCodeBytes)
    let size = panelsPerChunk * 32 * k
    scratch = try (0..<workers).map { _ in
      (try AlignedArray(count: size), try AlignedArray(count: size / 64))
    }
    loads = try AlignedArray(count: (panels.count + panelsPerChunk - 1) / panelsPerChunk)
  }

  var chunkCount: Int { loads.count }
  func willUse() { uses.add(1, ordering: .relaxed) }
  func didUse() { ends.add(1, ordering: .relaxed) }
  func group(ofRow row: Int) -> Int { row / 32 / panelsPerChunk }

  func panels(ofChunk chunk: Int) -> Range<Int> {
    chunk * panelsPerChunk..<min((chunk + 1) * panelsPerChunk, panels.count)
  }

  func load(chunk: Int, worker: Int) throws(WeightError) -> LoadedPanels {
    guard chunk != broken else { throw WeightError("chunk \(chunk) is broken") }
    loads[chunk] += 1
    let scratch = scratch[worker]
    // What the chunk before has left is no use to anybody.
    for index in 0..<scratch.codes.count { scratch.codes[index] = 7 }
    for (index, panel) in panels(ofChunk: chunk).enumerated() {
      for (place, code) in codes[panel].enumerated() {
        scratch.codes[index * 32 * k + place] = code
      }
      for (place, code) in scaleCodes[panel].enumerated() {
        scratch.scaleCodes[index * k / 2 + place] = code
      }
    }
    return .int8(
      Q8Panel(
        codes: scratch.codes.from(0), scaleCodes: scratch.scaleCodes.from(0),
        steps: StepTable(step: Self.step), k: k, next: .followingCodes))
  }

  func copyRow(
    _ row: Int, into values: AlignedArray<Float>, at offset: Int, worker: Int
  ) throws(WeightError) {
    guard group(ofRow: row) != broken else { throw WeightError("row \(row) is broken") }
    for (column, value) in self.values(ofRow: row).enumerated() { values[offset + column] = value }
  }

  /// What the codes of row `row` stand for.
  func values(ofRow row: Int) -> [Float] {
    let panel = panels[row / 32]
    return (0..<columns).map { column in
      let code = panel.scaleCodes[row % 32][column / 64]
      return Float(panel.codes[row % 32][column]) * Reference.scale(step: Self.step, code: code)
    }
  }

  /// The outputs for the input `x`, as the reference has them.
  func outputs(_ x: [Float], bias: [Float], precision: ActivationPrecision) -> [Float] {
    let factors = columnFactors.map { $0.from(0).values(columns) }
    let input = Reference.quantize(x, columnFactors: factors, precision: precision)
    let padded = padded(bias)
    let outputs = panels.indices.flatMap { panel in
      Reference.multiply(
        input, panels[panel], step: Self.step, bias: Array(padded[panel * 32..<panel * 32 + 32]))
    }
    return Array(outputs.prefix(rows))
  }
}

/// `values` in memory.
func aligned<Element>(_ values: [Element]) throws -> AlignedArray<Element> {
  let array = try AlignedArray<Element>(count: values.count)
  for (index, value) in values.enumerated() { array[index] = value }
  return array
}

/// `values`, with zeros up to a multiple of 32.
func padded(_ values: [Float]) -> [Float] {
  values + [Float](repeating: 0, count: (32 - values.count % 32) % 32)
}

extension FloatRows {
  /// Rows that hold `values`, with room for `spare` more.
  init(_ values: [[Float]], width: Int, spare: Int = 0) throws {
    try self.init(rows: values.count + spare, width: width)
    for (index, row) in values.enumerated() {
      for (column, value) in row.enumerated() { self.values[index * stride + column] = value }
    }
  }

  /// The values of row `index`.
  func row(_ index: Int) -> [Float] { values.from(index * stride).values(width) }
}

extension LinearInput {
  /// The rows `x`, quantised as `form` says.
  init(
    _ x: [[Float]], columns: Int, form: InputForm, precision: ActivationPrecision,
    kernels: KernelTable
  ) throws {
    let rows = try FloatRows(x, width: columns)
    let quantized = try QuantizedRows(
      rows: x.count, k: PanelGeometry.paddedColumns(columns), precision: precision)
    kernels.quantize(
      rows.from(row: 0), columns: columns, columnFactors: form.columnFactors?.from(0),
      into: quantized, rows: 0..<x.count)
    self.init(rows: rows, quantized: quantized)
  }
}

/// The fp32 panels of row-major `values`.
func makeFloatMatrix(_ values: [Float], rows: Int, columns: Int) throws -> FloatMatrix {
  let matrix = try FloatMatrix(rows: rows, columns: columns)
  matrix.fill(from: 0, with: try ByteView(values.flatMap(\.littleEndianBytes)))
  return matrix
}

extension Float {
  fileprivate var littleEndianBytes: [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: bitPattern >> (8 * $0)) }
  }
}
