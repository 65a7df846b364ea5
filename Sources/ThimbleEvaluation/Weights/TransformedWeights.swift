internal import ThimbleArchitecture
internal import ThimbleModel
internal import ThimbleOps
internal import ThimbleSystem

/// The weights of a model with something done to its matrices at each use.
struct TransformedWeights: WeightProvider {
  let base: any WeightProvider
  /// Whether matrices become such with rounded input.
  let roundsInput: Bool
  /// What becomes of the matrix of `tensor`.
  let transform:
    (_ tensor: ModelTensor, _ matrix: any PanelSource) throws(ModelError) -> any PanelSource

  var path: String { base.path }
  var configuration: ModelConfiguration { base.configuration }

  func contains(_ tensor: ModelTensor) -> Bool { base.contains(tensor) }

  func matrix(_ tensor: ModelTensor) throws(ModelError) -> any PanelSource {
    try transform(tensor, try base.matrix(tensor))
  }

  func table(_ tensor: ModelTensor) throws(ModelError) -> any RowSource { try matrix(tensor) }

  func vector(_ tensor: ModelTensor) throws(ModelError) -> AlignedArray<Float> {
    try base.vector(tensor)
  }

  func checkUnchanged() throws(ModelError) { try base.checkUnchanged() }
}

/// A matrix whose panels or rows are changed at each use.
final class TransformedMatrix: PanelSource {
  /// Fills `output` with fp32 panels made of `count` panels.
  typealias PanelChange =
    @Sendable (_ panels: LoadedPanels, _ count: Int, _ output: AlignedArray<Float>) -> Void
  typealias RowChange = @Sendable (_ row: inout MutableSpan<Float>) -> Void

  private let matrix: any PanelSource
  let precision: WeightPrecision
  let columnFactors: AlignedArray<Float>?
  /// For each worker, one chunk.
  private let scratch: [AlignedArray<Float>]
  private let changePanels: PanelChange?
  private let changeRow: RowChange?

  /// - Parameters:
  ///   - scratch: for each worker, room for a chunk as fp32; needed to change panels.
  ///   - panels: nil leaves them as they are.
  ///   - row: likewise, of rows that are looked up.
  init(
    _ matrix: any PanelSource, precision: WeightPrecision,
    columnFactors: AlignedArray<Float>? = nil, scratch: [AlignedArray<Float>] = [],
    panels: PanelChange? = nil, row: RowChange? = nil
  ) {
    self.matrix = matrix
    self.precision = precision
    self.columnFactors = columnFactors
    self.scratch = scratch
    changePanels = panels
    changeRow = row
  }

  var rows: Int { matrix.rows }
  var columns: Int { matrix.columns }
  var chunkCount: Int { matrix.chunkCount }

  func panels(ofChunk chunk: Int) -> Range<Int> { matrix.panels(ofChunk: chunk) }
  func group(ofRow row: Int) -> Int { matrix.group(ofRow: row) }
  func willUse() { matrix.willUse() }
  func didUse() { matrix.didUse() }

  func load(chunk: Int, worker: Int) throws(WeightError) -> LoadedPanels {
    let loaded = try matrix.load(chunk: chunk, worker: worker)
    guard let changePanels else { return loaded }
    changePanels(loaded, matrix.panels(ofChunk: chunk).count, scratch[worker])
    return .float32(scratch[worker].from(0))
  }

  func copyRow(
    _ row: Int, into values: AlignedArray<Float>, at offset: Int, worker: Int
  ) throws(WeightError) {
    try matrix.copyRow(row, into: values, at: offset, worker: worker)
    guard let changeRow else { return }
    values.withMutableSpan(offset..<offset + columns) { changeRow(&$0) }
  }
}

/// Scratch memory that all matrices of a model share: one is used at a time.
final class MatrixPool {
  private let workers: Int
  private var scratch: [AlignedArray<Float>] = []

  init(workers: Int) { self.workers = workers }

  /// For each worker, room for the largest chunk of `matrix` as fp32.
  func scratch(for matrix: any PanelSource) throws(ModelError) -> [AlignedArray<Float>] {
    // Every chunk but the last has as many panels as the first.
    let count = matrix.panels(ofChunk: 0).count * PanelGeometry.panelRows * matrix.columns
    if scratch.first.map({ $0.count < count }) ?? true {
      do throws(SystemError) {
        var larger: [AlignedArray<Float>] = []
        for _ in 0..<workers { larger.append(try AlignedArray(count: count)) }
        scratch = larger
      } catch { throw .system(error) }
    }
    return scratch
  }
}
