/// A value with the interval that holds it with 95 % confidence.
public struct Estimate: Sendable, Equatable {
  public let value: Double
  public let interval: ClosedRange<Double>
}

/// The mean over positions, of which those in one sentence depend on each other.
///
/// The error of the mean is that of a ratio of two sums over sentences, by the delta method: positions of a sentence
/// count together, so that a long sentence does not pose as many independent facts.
struct ClusteredMean: Sendable {
  private(set) var sum = 0.0
  private(set) var count = 0
  // Sums over finished clusters, of their sums s and counts n.
  private var sumSquares = 0.0
  private var sumProducts = 0.0
  private var countSquares = 0.0
  private var clusters = 0
  private var current: (key: Int, sum: Double, count: Int)?

  /// Adds `value`. Values of one cluster come one behind the other.
  mutating func add(_ value: Double, cluster key: Int) {
    if current?.key != key { finishCluster(next: (key, 0, 0)) }
    current?.sum += value
    current?.count += 1
    sum += value
    count += 1
  }

  /// Adds everything in `other`, whose clusters are others.
  mutating func add(_ other: ClusteredMean) {
    var other = other
    other.finishCluster(next: nil)
    finishCluster(next: nil)
    sum += other.sum
    count += other.count
    sumSquares += other.sumSquares
    sumProducts += other.sumProducts
    countSquares += other.countSquares
    clusters += other.clusters
  }

  private mutating func finishCluster(next: (key: Int, sum: Double, count: Int)?) {
    if let current {
      let count = Double(current.count)
      sumSquares += current.sum * current.sum
      sumProducts += current.sum * count
      countSquares += count * count
      clusters += 1
    }
    current = next
  }

  var mean: Double { sum / Double(count) }

  /// The mean with its interval, which is unbounded if there is but one sentence.
  var estimate: Estimate {
    var finished = self
    finished.finishCluster(next: nil)
    let mean = mean
    guard finished.clusters > 1 else {
      return Estimate(value: mean, interval: -.infinity ... .infinity)
    }
    let squares =
      finished.sumSquares - 2 * mean * finished.sumProducts + mean * mean * finished.countSquares
    let clusters = Double(finished.clusters)
    let error = (max(squares, 0) * clusters / (clusters - 1)).squareRoot() / Double(count)
    return Estimate(value: mean, interval: mean - 1.96 * error...mean + 1.96 * error)
  }
}
