/// The mean over positions, of which those in one sentence depend on each other.
///
/// The error of the mean is that of a ratio of two sums over sentences, by the delta method: positions of a sentence
/// count together, so that a long sentence does not pose as many independent facts.
package struct ClusteredMean: Sendable {
  package init() {}

  private(set) var sum = 0.0
  private(set) var count = 0
  // Sums over finished clusters, of their sums s and counts n.
  private var sumSquares = 0.0
  private var sumProducts = 0.0
  private var countSquares = 0.0
  private var clusters = 0
  private var current: (key: Int, sum: Double, count: Int)?

  /// Adds `value`. Values of one cluster come one behind the other.
  package mutating func add(_ value: Double, cluster key: Int) {
    add(sum: value, count: 1, cluster: key)
  }

  /// Adds `count` values with the sum `sum`.
  mutating func add(sum: Double, count: Int, cluster key: Int) {
    if current?.key != key { finishCluster(next: (key, 0, 0)) }
    current?.sum += sum
    current?.count += count
    self.sum += sum
    self.count += count
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

  /// The mean with its interval: 1.96 standard errors to both sides. There is none if there is but one sentence.
  package var estimate: Estimate {
    guard let error else { return Estimate(unbounded: mean) }
    return Estimate(
      value: mean, interval: mean - normalQuantile * error...mean + normalQuantile * error)
  }

  /// The same of values that are never below 0: nor is the interval.
  package var nonnegativeEstimate: Estimate {
    let estimate = estimate
    guard estimate.hasInterval else { return estimate }
    return Estimate(
      value: estimate.value,
      interval: max(estimate.interval.lowerBound, 0)...max(estimate.interval.upperBound, 0))
  }

  /// The same of a share, of values within 0...1: Wilson's interval for as many independent trials as tell as much.
  ///
  /// Trials of a sentence depend on each other. The design effect is the variance of the mean over that of as many
  /// independent trials, at least 1; the trials over it are what they amount to: E. L. Korn and B. I. Graubard,
  /// Confidence intervals for proportions with small expected number of positive counts estimated from survey data,
  /// Survey Methodology 24 (1998), 193-201. Where all trials went the same way it is 1, as there: nothing shows another.
  ///
  /// - Parameter trials: how many trials a value is the mean of.
  package func proportion(ofTrials trials: Int = 1) -> Estimate {
    guard let error else { return Estimate(unbounded: mean) }
    let share = min(max(mean, 0), 1)
    let trials = Double(count * trials)
    let plainVariance = share * (1 - share) / trials
    let designEffect = plainVariance > 0 ? max(error * error / plainVariance, 1) : 1
    return Estimate(
      value: share, interval: wilsonInterval(share: share, trials: trials / designEffect))
  }

  /// The standard error of the mean; nil if it cannot be known: of one sentence, or of what is no number.
  private var error: Double? {
    var finished = self
    finished.finishCluster(next: nil)
    guard finished.clusters > 1 else { return nil }
    let mean = mean
    let squares =
      finished.sumSquares - 2 * mean * finished.sumProducts + mean * mean * finished.countSquares
    let clusters = Double(finished.clusters)
    let error = (max(squares, 0) * clusters / (clusters - 1)).squareRoot() / Double(count)
    return error.isFinite ? error : nil
  }
}
