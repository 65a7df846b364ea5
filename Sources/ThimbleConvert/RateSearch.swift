internal import ThimbleSystem

/// Finds the fineness at which the file has the size that is asked for.
struct RateSearch {
  let estimator: SizeEstimator
  let plan: ChunkPlan

  /// log2 of the coarsest and the finest step that are tried, in steps per root mean square.
  /// Coarser ones leave nothing of a matrix; finer ones change nothing: blocks need larger scales.
  private static let octaves = -1.0...8.0

  /// The finest steps that change anything.
  var finest: Double { powerOfTwo(Self.octaves.upperBound) }

  /// - Returns: nil if no fineness gives the size `aim`.
  func fineness(forFileSize aim: Double) throws(ConvertError) -> Double? {
    // Each halving of the step costs a bit a weight; at one step per root mean square it has 2.
    var slope = Double(plan.source.parameterCount) / 8
    var octave = clamped(plan.bitsPerWeight(fileSize: aim) - 2.07, Self.octaves)
    var bracket = (low: -Double.infinity, high: Double.infinity)
    var last: (octave: Double, size: Double)?
    for _ in 0..<Self.maximumTrials {
      let size = Double(try estimator.fileSize(fineness: powerOfTwo(octave)))
      if let last, last.octave != octave {
        slope = max((size - last.size) / (octave - last.octave), slope / 8)
      }
      last = (octave, size)
      let next = octave + (aim - size) / slope
      // Near the goal the curve is straight: the last step needs no proof.
      if abs(size - aim) <= aim * (estimator.isExact ? 0.0003 : 0.004) {
        return powerOfTwo(estimator.isExact ? octave : clamped(next, Self.octaves))
      }
      if size < aim { bracket.low = octave } else { bracket.high = octave }
      if bracket.low >= Self.octaves.upperBound || bracket.high <= Self.octaves.lowerBound {
        return nil
      }
      octave = clamped(next, Self.octaves)
      if octave <= bracket.low || octave >= bracket.high {
        octave = (bracket.low + bracket.high) / 2
      }
    }
    return last.map { powerOfTwo($0.octave) }
  }

  /// The smallest and the largest file that can be had.
  func reachableSizes() throws(ConvertError) -> (lowest: Double, highest: Double) {
    (
      Double(try estimator.fileSize(fineness: powerOfTwo(Self.octaves.lowerBound))),
      Double(try estimator.fileSize(fineness: powerOfTwo(Self.octaves.upperBound)))
    )
  }

  // A bracket of nine octaves is halved to a thousandth of a bit in so many.
  private static let maximumTrials = 14

  private func clamped(_ value: Double, _ range: ClosedRange<Double>) -> Double {
    min(max(value, range.lowerBound), range.upperBound)
  }
}
