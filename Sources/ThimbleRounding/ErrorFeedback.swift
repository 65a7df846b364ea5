public import ThimbleSystem

/// Error feedback (GPTQ): in which order the columns of a matrix are best rounded, and by how much the errors of earlier
/// ones shift the best values of later ones.
///
/// With H the second moments of the inputs, a row's errors e cost e^T H e. Let H = M^T D M with M unit
/// lower triangular: the cost is the sum over j of D[j] * (e[j] + sum over i < j of M[j, i] * e[i])^2, so
/// rounding w[j] + sum of M[j, i] * e[i] makes each term as small as one step allows. That is what GPTQ
/// does (Frantar et al., 2022, arXiv 2210.17323), without inverting H.
///
/// The product of all D[j] is given, their sum depends on the order and is least where they are alike.
/// They are largest at the end, where nothing makes up for an error any more: so the last place goes to
/// the column with the least moment, the one before to the least of what then remains, and so on.
public struct ErrorFeedback: Sendable {
  public let shape: InputMoments
  /// [columns]: the columns of each block, in the order of rounding.
  public let order: AlignedArray<Int32>
  /// Laid out like the sums of the moments, by places in the order: M[j, i] for i < j; zero elsewhere.
  public var factors: AlignedArray<Float> { shape.sums }

  // Of the mean diagonal: keeps what few inputs have shown from being taken for the rule.
  private static let damping = 0.01

  /// Factorises `moments` in place.
  public init(consuming moments: InputMoments) throws(SystemError) {
    shape = moments
    order = try AlignedArray(count: moments.columns)
    for block in 0..<moments.blockCount {
      let columns = moments.columns(ofBlock: block)
      let offset = moments.offset(ofBlock: block)
      order.withMutableSpan(columns) { order in
        for index in order.indices { order[index] = Int32(columns.lowerBound + index) }
        moments.sums.withMutableSpan(offset..<offset + columns.count * columns.count) {
          Self.factorise(&$0, size: columns.count, &order)
        }
      }
    }
  }

  /// Replaces the lower triangle of H by M, and brings `order` into the order of M.
  private static func factorise(
    _ h: inout MutableSpan<Float>, size: Int, _ order: inout MutableSpan<Int32>
  ) {
    let trace = (0..<size).reduce(0) { $0 + Double(h[$1 * size + $1]) }
    // Columns without input never matter.
    guard trace > 0, trace.isFinite else {
      for index in h.indices { h[index] = 0 }
      return
    }
    let added = damping * trace / Double(size)
    // H = R R^T with R upper triangular; its column j replaces row j of H, from the last on.
    for j in stride(from: size - 1, through: 0, by: -1) {
      let least = (0...j).min { h[$0 * size + $0] < h[$1 * size + $1] } ?? j
      exchange(least, j, in: &h, size: size)
      order.swapAt(least, j)
      let pivot = Double(h[j * size + j]) + added
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

  /// Exchanges the places `a` and `b` in the lower triangle of a symmetric matrix.
  private static func exchange(
    _ a: Int, _ b: Int, in h: inout MutableSpan<Float>, size: Int
  ) {
    guard a < b else { return }
    func swap(_ row: Int, _ column: Int, _ otherRow: Int, _ otherColumn: Int) {
      h.swapAt(row * size + column, otherRow * size + otherColumn)
    }
    for i in 0..<a { swap(a, i, b, i) }
    for i in a + 1..<b { swap(i, a, b, i) }
    for i in b + 1..<max(size, b + 1) { swap(i, a, i, b) }
    swap(a, a, b, b)
  }
}
