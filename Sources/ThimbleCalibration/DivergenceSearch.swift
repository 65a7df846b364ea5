/// Looks for the least bits per weight whose mean KL divergence is low enough, by halving a range.
package struct DivergenceSearch {
  let limit: Double
  let range: ClosedRange<Double>

  /// Coarser files say nothing any more, and finer ones are hardly any better.
  package static let usualRange = 2.5...7.5
  /// How far above the least bits a result may be.
  package static let precision = 0.05

  /// - Parameters:
  ///   - limit: in nats.
  ///   - range: of the bits per weight that are tried.
  package init(limit: Double, in range: ClosedRange<Double> = usualRange) {
    (self.limit, self.range) = (limit, range)
  }

  /// Trials of every search that succeeds: that of the finest file, and the halvings.
  package var trialCount: Int {
    var (width, count) = (range.upperBound - range.lowerBound, 1)
    while width > Self.precision { (width, count) = (width / 2, count + 1) }
    return count
  }

  /// - Parameter measure: the mean KL divergence in nats of a file with so many bits per weight, which falls as they grow.
  /// - Throws: `CalibrationError.unreachable` if even the finest file differs more, and what `measure` throws.
  package func leastBits(_ measure: (_ bits: Double) throws -> Double) throws -> Double {
    var (low, high) = (range.lowerBound, range.upperBound)
    let least = try measure(high)
    guard least <= limit else {
      throw CalibrationError.unreachable(limit: limit, bitsPerWeight: high, found: least)
    }
    while high - low > Self.precision {
      let middle = (low + high) / 2
      if try measure(middle) <= limit { high = middle } else { low = middle }
    }
    return high
  }
}
