internal import ThimbleCheckpoint
internal import ThimbleImport
internal import ThimbleOps
internal import ThimbleSystem

/// A matrix of a checkpoint, used where it lies: panels are widened to fp32 at each use.
final class CheckpointMatrix: PanelSource, @unchecked Sendable {
  // Unchecked: each worker has scratch of its own.
  let rows: Int
  let columns: Int
  private let bytes: ByteView
  private let element: WeightElement
  private let kernels: KernelTable
  private let scratch: [AlignedArray<Float>]

  /// - Parameter scratch: for each worker, a panel of values.
  init(
    _ tensor: CheckpointTensor, element: WeightElement, kernels: KernelTable,
    scratch: [AlignedArray<Float>]
  ) {
    rows = tensor.shape[0]
    columns = tensor.shape[1]
    bytes = tensor.bytes
    self.element = element
    self.kernels = kernels
    self.scratch = scratch
  }

  var precision: WeightPrecision { .float32 }
  var chunkCount: Int { PanelGeometry.panelCount(rows: rows) }
  var columnFactors: AlignedArray<Float>? { nil }

  func panels(ofChunk chunk: Int) -> Range<Int> { chunk..<chunk + 1 }
  func group(ofRow row: Int) -> Int { row }
  func willUse() {}
  func didUse() {}

  func load(chunk: Int, worker: Int) throws(WeightError) -> LoadedPanels {
    let first = chunk * PanelGeometry.panelRows
    kernels.packF32(
      weights(ofRows: first..<min(first + PanelGeometry.panelRows, rows)),
      into: scratch[worker].from(0))
    return .float32(scratch[worker].from(0))
  }

  func copyRow(
    _ row: Int, into values: AlignedArray<Float>, at offset: Int, worker: Int
  ) throws(WeightError) {
    let panel = scratch[worker]
    kernels.packF32(weights(ofRows: row..<row + 1), into: panel.from(0))
    for column in 0..<columns { values[offset + column] = panel[column * PanelGeometry.panelRows] }
  }

  private func weights(ofRows range: Range<Int>) -> WeightRows {
    let rowSize = columns * element.byteCount
    return WeightRows(
      bytes[range.lowerBound * rowSize..<range.upperBound * rowSize], element: element,
      rows: range.count, columns: columns)
  }
}
