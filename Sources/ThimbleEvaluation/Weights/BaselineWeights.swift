internal import ThimbleArchitecture
internal import ThimbleFormat
internal import ThimbleModel
internal import ThimbleOps
internal import ThimbleSystem

/// The weights of a reference as a scheme would keep them, rounded at each use, with int8 activations.
struct BaselineWeights: WeightProvider {
  private let reference: any WeightProvider
  private let scheme: BlockScheme
  private let workers: Int
  private let pool = MatrixPool()
  /// Matrices that files keep quantised; the rest stays fp32.
  private let quantised: Set<String>

  init(
    _ reference: any WeightProvider, scheme: BlockScheme, quantised: Set<String>, workers: Int
  ) {
    self.reference = reference
    self.scheme = scheme
    self.quantised = quantised
    self.workers = workers
  }

  var path: String { reference.path }
  var configuration: XLMConfiguration { reference.configuration }
  var roundsInput: Bool { true }

  func contains(_ name: String) -> Bool { reference.contains(name) }

  func matrix(_ name: String, rows: Int, columns: Int) throws(ModelError) -> any PanelSource {
    let matrix = try reference.matrix(name, rows: rows, columns: columns)
    guard quantised.contains(name) else { return matrix }
    do {
      return BaselineMatrix(
        matrix, scheme: scheme, scratch: try pool.scratch(for: matrix, workers: workers))
    } catch { throw .system(error) }
  }

  func table(_ name: String, rows: Int, columns: Int) throws(ModelError) -> any RowSource {
    try matrix(name, rows: rows, columns: columns)
  }

  func vector(_ name: String, count: Int) throws(ModelError) -> AlignedArray<Float> {
    try reference.vector(name, count: count)
  }
}

/// A matrix whose rows are rounded at each use.
private final class BaselineMatrix: PanelSource {
  private let matrix: any PanelSource
  private let scheme: BlockScheme
  /// For each worker, one chunk.
  private let scratch: [AlignedArray<Float>]

  init(_ matrix: any PanelSource, scheme: BlockScheme, scratch: [AlignedArray<Float>]) {
    self.matrix = matrix
    self.scheme = scheme
    self.scratch = scratch
  }

  var rows: Int { matrix.rows }
  var columns: Int { matrix.columns }
  var precision: WeightPrecision { .float32WithRoundedInput }
  var chunkCount: Int { matrix.chunkCount }
  var columnFactors: AlignedArray<Float>? { nil }

  func panels(ofChunk chunk: Int) -> Range<Int> { matrix.panels(ofChunk: chunk) }
  func group(ofRow row: Int) -> Int { matrix.group(ofRow: row) }
  func willUse() { matrix.willUse() }
  func didUse() { matrix.didUse() }

  func load(chunk: Int, worker: Int) throws(WeightError) -> LoadedPanels {
    guard case .float32(let panels) = try matrix.load(chunk: chunk, worker: worker) else {
      preconditionFailure("a reference without fp32 panels")
    }
    let lanes = KernelShape.panelRows
    let panelSize = lanes * columns
    let count = matrix.panels(ofChunk: chunk).count
    let output = scratch[worker]
    output.withMutableSpan(0..<count * panelSize) { output in
      panels.array.withSpan(panels.offset..<panels.offset + count * panelSize) { panels in
        for index in panels.indices { output[index] = panels[index] }
      }
      for panel in 0..<count {
        for lane in 0..<lanes {
          scheme.round(&output, first: panel * panelSize + lane, stride: lanes, columns: columns)
        }
      }
    }
    return .float32(output.from(0))
  }

  func copyRow(
    _ row: Int, into values: AlignedArray<Float>, at offset: Int, worker: Int
  ) throws(WeightError) {
    try matrix.copyRow(row, into: values, at: offset, worker: worker)
    values.withMutableSpan(offset..<offset + columns) { row in
      scheme.round(&row, first: 0, stride: 1, columns: columns)
    }
  }
}

/// A baseline as a candidate, and the size that it would have.
public struct Baseline {
  public let candidate: Candidate
  /// Bytes of all weights.
  public let byteCount: Int
  public let bitsPerWeight: Double
}

extension ModelPair {
  /// The schemes of others, for the matrices that the file keeps quantised.
  public func baselines() -> [Baseline] {
    let quantised = file.tensors.filter { $0.shape.kind == .q8b64 }
    let rest = file.tensors.indices.filter { !file.columnFactorTensors.contains($0) }
      .map { file.tensors[$0].shape }.filter { $0.kind == .f32 }.reduce(0) { $0 + $1.valueCount }
    let parameters = rest + quantised.reduce(0) { $0 + $1.shape.valueCount }
    return BlockScheme.allCases.map { scheme in
      let bits = quantised.reduce(32 * rest) {
        $0 + $1.shape.rows * scheme.bitCount(columns: $1.shape.columns)
      }
      let weights = BaselineWeights(
        reference, scheme: scheme, quantised: Set(quantised.map(\.name)), workers: pool.threadCount)
      return Baseline(
        candidate: Candidate(scheme.rawValue, weights), byteCount: bits / 8,
        bitsPerWeight: Double(bits) / Double(parameters))
    }
  }
}
