internal import ThimbleArchitecture
internal import ThimbleModel
internal import ThimbleOps
internal import ThimbleSystem

/// The weights of a reference in fp32, with every input rounded just as a quantised model rounds it: what remains of a
/// loss when only activations are quantised.
struct RoundedInputWeights: WeightProvider {
  private let reference: any WeightProvider
  private let quantised: any WeightProvider

  init(_ reference: any WeightProvider, as quantised: any WeightProvider) {
    self.reference = reference
    self.quantised = quantised
  }

  var path: String { reference.path }
  var configuration: XLMConfiguration { reference.configuration }
  var roundsInput: Bool { true }

  func contains(_ name: String) -> Bool { reference.contains(name) }

  func matrix(_ name: String, rows: Int, columns: Int) throws(ModelError) -> any PanelSource {
    let matrix = try reference.matrix(name, rows: rows, columns: columns)
    let model = try quantised.matrix(name, rows: rows, columns: columns)
    guard model.precision != .float32 else { return matrix }
    return RoundedInputMatrix(matrix, columnFactors: model.columnFactors)
  }

  func table(_ name: String, rows: Int, columns: Int) throws(ModelError) -> any RowSource {
    try reference.table(name, rows: rows, columns: columns)
  }

  func vector(_ name: String, count: Int) throws(ModelError) -> AlignedArray<Float> {
    try reference.vector(name, count: count)
  }
}

/// An fp32 matrix that asks for rounded input.
final class RoundedInputMatrix: PanelSource {
  private let matrix: any PanelSource
  let columnFactors: AlignedArray<Float>?

  init(_ matrix: any PanelSource, columnFactors: AlignedArray<Float>?) {
    precondition(matrix.precision == .float32)
    self.matrix = matrix
    self.columnFactors = columnFactors
  }

  var rows: Int { matrix.rows }
  var columns: Int { matrix.columns }
  var precision: WeightPrecision { .float32WithRoundedInput }
  var chunkCount: Int { matrix.chunkCount }

  func panels(ofChunk chunk: Int) -> Range<Int> { matrix.panels(ofChunk: chunk) }
  func group(ofRow row: Int) -> Int { matrix.group(ofRow: row) }
  func willUse() { matrix.willUse() }
  func didUse() { matrix.didUse() }

  func load(chunk: Int, worker: Int) throws(WeightError) -> LoadedPanels {
    try matrix.load(chunk: chunk, worker: worker)
  }

  func copyRow(
    _ row: Int, into values: AlignedArray<Float>, at offset: Int, worker: Int
  ) throws(WeightError) {
    try matrix.copyRow(row, into: values, at: offset, worker: worker)
  }
}
