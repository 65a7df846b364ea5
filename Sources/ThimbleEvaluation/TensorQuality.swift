package import ThimbleArchitecture
package import ThimbleFormat
internal import ThimbleImport
internal import ThimbleModel
internal import ThimbleOps
internal import ThimbleReference
internal import ThimbleSystem

/// How a matrix is stored in a file, and how well.
public struct TensorQuality: Sendable {
  public let name: String
  public let rows: Int
  public let columns: Int
  /// Of its chunks in the file.
  public let byteCount: Int
  /// Signal to quantisation noise in dB; nil if no weight differs.
  public let sqnr: Double?

  public var bitsPerWeight: Double { 8 * Double(byteCount) / Double(rows * columns) }
}

extension ModelPair {
  /// Compares every quantised matrix of the file with that of the reference, weight by weight.
  public func tensorQualities() throws(EvaluationError) -> [TensorQuality] {
    try tensorQualities(progress: { _, _ in }, isInterrupted: { false }).qualities
  }

  /// The same with an end before the last.
  ///
  /// - Returns: the matrices that were compared before `isInterrupted` became true, and whether those are all.
  func tensorQualities(
    progress: (_ done: Int, _ total: Int) -> Void, isInterrupted: () -> Bool
  ) throws(EvaluationError) -> (qualities: [TensorQuality], isComplete: Bool) {
    let dequantised = weights.dequantized(workers: pool.threadCount)
    let matrices = quantisedMatrices
    var qualities: [TensorQuality] = []
    for (tensor, record) in matrices {
      if isInterrupted() { return (qualities, false) }
      do throws(ModelError) {
        let sums = try squares(
          of: try dequantised.matrix(tensor), against: try reference.matrix(tensor))
        qualities.append(
          TensorQuality(
            name: tensor.name, rows: record.shape.rows, columns: record.shape.columns,
            byteCount: record.chunks.reduce(0) { $0 + file.chunk($1).size },
            sqnr: sums.noise > 0 ? decibels(sums.signal / sums.noise) : nil))
      } catch { throw .model(error) }
      progress(qualities.count, matrices.count)
    }
    return (qualities, true)
  }

  /// Matrices that the file rounds, in its order.
  package var quantisedMatrices: [(tensor: ModelTensor, record: TensorRecord)] {
    let tensors = reference.configuration.tensors(withHeads: reference.heads)
    let named = Dictionary(tensors.map { ($0.name, $0) }) { first, _ in first }
    return file.tensors.filter { $0.shape.kind == .q8b64 }.compactMap { record in
      named[record.name].map { ($0, record) }
    }
  }

  /// Sums of squares, of the weights of `reference` and of the errors of `matrix`.
  private func squares(
    of matrix: any PanelSource, against reference: any PanelSource
  ) throws(ModelError) -> (signal: Double, noise: Double) {
    let sums: AlignedArray<Double>
    do { sums = try AlignedArray(count: 2 * matrix.chunkCount) } catch { throw .system(error) }
    let panelSize = PanelGeometry.panelRows * matrix.columns
    do {
      try pool.run(count: matrix.chunkCount) { (chunk, worker) throws(WeightError) in
        guard case .float32(let own) = try matrix.load(chunk: chunk, worker: worker) else { return }
        for (index, panel) in matrix.panels(ofChunk: chunk).enumerated() {
          // A chunk of a reference is a panel.
          guard case .float32(let other) = try reference.load(chunk: panel, worker: worker) else {
            return
          }
          let start = own.offset + index * panelSize
          let (signal, noise) = own.array.withSpan(start..<start + panelSize) { own in
            other.array.withSpan(other.offset..<other.offset + panelSize) { other in
              var (signal, noise) = (0.0, 0.0)
              for place in own.indices {
                let (value, error) = (
                  Double(other[place]), Double(own[place]) - Double(other[place])
                )
                signal += value * value
                noise += error * error
              }
              return (signal, noise)
            }
          }
          sums[2 * chunk] += signal
          sums[2 * chunk + 1] += noise
        }
      }
    } catch { throw .weights(error) }
    return (0..<matrix.chunkCount).reduce(into: (0, 0)) {
      $0.0 += sums[2 * $1]
      $0.1 += sums[2 * $1 + 1]
    }
  }
}
