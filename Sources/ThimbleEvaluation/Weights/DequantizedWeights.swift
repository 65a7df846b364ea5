internal import ThimbleArchitecture
internal import ThimbleModel
internal import ThimbleOps
internal import ThimbleSystem

/// The weights of a quantised model, multiplied in fp32 with activations that nothing rounds: what remains of a loss
/// when only weights are quantised.
struct DequantizedWeights: WeightProvider {
  private let quantised: any WeightProvider
  private let workers: Int
  private let pool = MatrixPool()

  init(_ quantised: any WeightProvider, workers: Int) {
    self.quantised = quantised
    self.workers = workers
  }

  var path: String { quantised.path }
  var configuration: XLMConfiguration { quantised.configuration }

  func contains(_ name: String) -> Bool { quantised.contains(name) }

  func matrix(_ name: String, rows: Int, columns: Int) throws(ModelError) -> any PanelSource {
    let matrix = try quantised.matrix(name, rows: rows, columns: columns)
    guard matrix.precision == .int8 else { return matrix }
    do {
      return DequantizedMatrix(matrix, scratch: try pool.scratch(for: matrix, workers: workers))
    } catch { throw .system(error) }
  }

  func table(_ name: String, rows: Int, columns: Int) throws(ModelError) -> any RowSource {
    try quantised.table(name, rows: rows, columns: columns)
  }

  func vector(_ name: String, count: Int) throws(ModelError) -> AlignedArray<Float> {
    try quantised.vector(name, count: count)
  }
}

/// Scratch memory that all matrices of a model share: one is used at a time.
final class MatrixPool {
  private var scratch: [AlignedArray<Float>] = []

  /// For each worker, room for the largest chunk of `matrix` as fp32.
  func scratch(
    for matrix: any PanelSource, workers: Int
  ) throws(SystemError) -> [AlignedArray<Float>] {
    // Every chunk but the last has as many panels as the first.
    let count = matrix.panels(ofChunk: 0).count * KernelShape.panelRows * matrix.columns
    if scratch.first.map({ $0.count < count }) ?? true {
      var larger: [AlignedArray<Float>] = []
      for _ in 0..<workers { larger.append(try AlignedArray(count: count)) }
      scratch = larger
    }
    return scratch
  }
}

/// An int8 matrix that is widened to fp32 panels at each use.
final class DequantizedMatrix: PanelSource {
  private let matrix: any PanelSource
  /// For each worker, one chunk as fp32.
  private let scratch: [AlignedArray<Float>]

  init(_ matrix: any PanelSource, scratch: [AlignedArray<Float>]) {
    self.matrix = matrix
    self.scratch = scratch
  }

  var rows: Int { matrix.rows }
  var columns: Int { matrix.columns }
  var precision: WeightPrecision { .float32 }
  var chunkCount: Int { matrix.chunkCount }
  var columnFactors: AlignedArray<Float>? { nil }

  func panels(ofChunk chunk: Int) -> Range<Int> { matrix.panels(ofChunk: chunk) }
  func group(ofRow row: Int) -> Int { matrix.group(ofRow: row) }
  func willUse() { matrix.willUse() }
  func didUse() { matrix.didUse() }

  func copyRow(
    _ row: Int, into values: AlignedArray<Float>, at offset: Int, worker: Int
  ) throws(WeightError) {
    try matrix.copyRow(row, into: values, at: offset, worker: worker)
  }

  func load(chunk: Int, worker: Int) throws(WeightError) -> LoadedPanels {
    guard case .int8(let first) = try matrix.load(chunk: chunk, worker: worker) else {
      preconditionFailure("an int8 matrix without int8 panels")
    }
    let panelSize = KernelShape.panelRows * columns
    for index in 0..<matrix.panels(ofChunk: chunk).count {
      first.following(index).dequantize(
        columns: columns, factors: matrix.columnFactors,
        into: scratch[worker].from(index * panelSize))
    }
    return .float32(scratch[worker].from(0))
  }
}
