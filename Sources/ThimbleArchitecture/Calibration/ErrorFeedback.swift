public import ThimbleSystem

/// By how much the rounding errors of some columns of a matrix shift the best values of later ones.
///
/// With H the second moments of the inputs, a row's errors e cost e^T H e. Let H = M^T D M with M unit
/// lower triangular: the cost is the sum over j of D[j] * (e[j] + sum over i < j of M[j, i] * e[i])^2, so
/// rounding w[j] + sum of M[j, i] * e[i] makes each term as small as one step allows. That is what GPTQ
/// does (Frantar et al., 2022), without inverting H.
public struct ErrorFeedback: Sendable {
  public let shape: InputMoments
  /// Laid out like the sums of the moments: M[j, i] for i < j; zero elsewhere.
  public var factors: AlignedArray<Float> { shape.sums }

  // Of the mean diagonal: keeps what few inputs have shown from being taken for the rule.
  private static let damping = 0.01

  /// Factorises `moments` in place.
  ///
  /// - Parameters:
  ///   - identity: how much of their mean diagonal is added to the moments, for errors that cost the same
  ///     in every column.
  public init(consuming moments: InputMoments, identity: Double = 0) {
    shape = moments
    for block in 0..<moments.blockCount {
      let offset = moments.offset(ofBlock: block)
      let size = moments.columns(ofBlock: block).count
      moments.sums.withMutableSpan(offset..<offset + size * size) {
        Self.factorise(&$0, size: size, damping: Self.damping + identity)
      }
    }
  }

  /// Replaces the lower triangle of H by M.
  private static func factorise(_ h: inout MutableSpan<Float>, size: Int, damping: Double) {
    let trace = (0..<size).reduce(0) { $0 + Double(h[$1 * size + $1]) }
    // Columns without input never matter.
    guard trace > 0, trace.isFinite else {
      for index in h.indices { h[index] = 0 }
      return
    }
    let added = damping * trace / Double(size)
    // H = R R^T with R upper triangular; its column j replaces row j of H, from the last on.
    for j in stride(from: size - 1, through: 0, by: -1) {
      let pivot = (Double(h[j * size + j]) + added)
      let inverse = 1 / pivot
      for i in 0..<j {
        let entry = Double(h[j * size + i])
        let share = entry * inverse
        // The Schur complement: what remains of H when column j is accounted for.
        guard share != 0 else { continue }
        for l in 0...i {
          h[i * size + l] = Float(Double(h[i * size + l]) - share * Double(h[j * size + l]))
        }
      }
      for i in 0..<j { h[j * size + i] = Float(Double(h[j * size + i]) * inverse) }
      h[j * size + j] = 0
    }
    for row in 0..<size {
      for column in row..<size { h[row * size + column] = 0 }
    }
  }
}
