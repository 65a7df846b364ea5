internal import ThimbleFormat
internal import ThimbleReference
internal import ThimbleSystem

/// A scheme of others as a candidate, and the size that it would have.
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
    let names = Set(quantised.map(\.name))
    return BlockScheme.allCases.map { scheme in
      let bits = quantised.reduce(32 * rest) {
        $0 + $1.shape.rows * scheme.bitCount(columns: $1.shape.columns)
      }
      let weights = reference.rounded(by: scheme, names, workers: pool.threadCount)
      return Baseline(
        candidate: Candidate(scheme.rawValue, weights), byteCount: bits / 8,
        bitsPerWeight: Double(bits) / Double(parameters))
    }
  }
}
