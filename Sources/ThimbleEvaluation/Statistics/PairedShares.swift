/// Two shares of what clusters hold, such as the found of the entities in sentences, and how they differ.
struct PairedShares: Sendable {
  private var first = ClusteredMean()
  private var second = ClusteredMean()
  /// By cluster: hits and trials of the first, hits and trials of the second.
  private var clusters: [SIMD4<Double>] = []

  /// Adds a cluster, whose trials depend on each other.
  ///
  /// - Parameter first: hits, or the sum of values within 0...1, and trials.
  mutating func add(first: (hits: Double, trials: Int), second: (hits: Double, trials: Int)) {
    self.first.add(sum: first.hits, count: first.trials, cluster: clusters.count)
    self.second.add(sum: second.hits, count: second.trials, cluster: clusters.count)
    clusters.append(
      SIMD4(first.hits, Double(first.trials), second.hits, Double(second.trials)))
  }

  mutating func add(_ other: PairedShares) {
    first.add(other.first)
    second.add(other.second)
    clusters += other.clusters
  }

  /// Both shares, and the second less the first; 0 where there are no trials.
  var estimates: TaskReport.Pair {
    .init(
      reference: Self.share(first), file: Self.share(second), difference: difference)
  }

  private static func share(_ mean: ClusteredMean) -> Estimate {
    mean.count == 0 ? Estimate(unbounded: 0) : mean.proportion()
  }

  /// The error is that of a difference of two ratios of sums over clusters, by the delta method.
  private var difference: Estimate {
    let sums = clusters.reduce(into: SIMD4<Double>.zero) { $0 += $1 }
    func share(_ hits: Double, _ trials: Double) -> Double { trials == 0 ? 0 : hits / trials }
    let (one, two) = (share(sums[0], sums[1]), share(sums[2], sums[3]))
    guard clusters.count > 1 else { return Estimate(unbounded: two - one) }
    let squares = clusters.reduce(0.0) { sum, cluster in
      let pull =
        share(cluster[2] - two * cluster[3], sums[3])
        - share(cluster[0] - one * cluster[1], sums[1])
      return sum + pull * pull
    }
    let count = Double(clusters.count)
    let error = normalQuantile * (squares * count / (count - 1)).squareRoot()
    return Estimate(
      value: two - one, interval: max(two - one - error, -1)...min(two - one + error, 1))
  }
}
