/// A value with the interval that holds it with 95 % confidence.
public struct Estimate: Sendable, Equatable {
  public let value: Double
  /// Without bounds if nothing is known about the error: see `hasInterval`.
  public let interval: ClosedRange<Double>

  /// Whether there is an interval; there is none from a single sentence.
  public var hasInterval: Bool {
    interval.lowerBound.isFinite && interval.upperBound.isFinite
  }

  init(value: Double, interval: ClosedRange<Double>) {
    self.value = value
    self.interval = interval
  }

  /// A value of whose error nothing is known.
  init(unbounded value: Double) {
    self.init(value: value, interval: -.infinity ... .infinity)
  }
}

/// The quantile of the normal distribution that leaves 2.5 % above.
let normalQuantile = 1.96

/// The interval of a proportion: all p from which `share` of `trials` is within 1.96 standard errors of p itself.
///
/// Unlike share ± 1.96 errors it stays within 0...1, and is not empty where every trial went the same way.
/// Formula: E. B. Wilson, Probable inference, the law of succession, and statistical inference, J. Am. Stat. Assoc. 22
/// (1927), 209-212; as in Newcombe, Stat. Med. 17 (1998), 857-872, method 3.
///
/// - Parameters:
///   - share: within 0...1.
///   - trials: above 0; not whole if they depend on each other.
package func wilsonInterval(share: Double, trials: Double) -> ClosedRange<Double> {
  let square = normalQuantile * normalQuantile / trials
  let center = (share + square / 2) / (1 + square)
  let spread = (share * (1 - share) * square + square * square / 4).squareRoot() / (1 + square)
  // Rounding must not leave the share, or what is possible, outside.
  return min(max(center - spread, 0), share)...max(min(center + spread, 1), share)
}

/// What two answers to the same yes-or-no questions have in common.
package struct PairedAnswers: Sendable {
  package init() {}

  private(set) var both = 0
  private(set) var firstOnly = 0
  private(set) var secondOnly = 0
  private(set) var neither = 0

  var count: Int { both + firstOnly + secondOnly + neither }

  package mutating func add(first: Bool, second: Bool) {
    switch (first, second) {
    case (true, true): both += 1
    case (true, false): firstOnly += 1
    case (false, true): secondOnly += 1
    case (false, false): neither += 1
    }
  }

  mutating func add(_ other: PairedAnswers) {
    both += other.both
    firstOnly += other.firstOnly
    secondOnly += other.secondOnly
    neither += other.neither
  }

  /// The share of the first.
  package var first: Estimate { share(both + firstOnly) }
  /// The share of the second.
  package var second: Estimate { share(both + secondOnly) }

  private func share(_ answers: Int) -> Estimate {
    let share = Double(answers) / Double(count)
    return Estimate(value: share, interval: wilsonInterval(share: share, trials: Double(count)))
  }

  /// The share of the second less that of the first.
  ///
  /// Formula: R. G. Newcombe, Improved confidence intervals for the difference between binomial proportions based on
  /// paired data, Stat. Med. 17 (1998), 2635-2650, method 10: Wilson's intervals of both, joined by their correlation.
  package var difference: Estimate {
    let (first, second) = (first, second)
    func spread(_ low: Double, _ high: Double) -> Double {
      max(low * low - 2 * correlation * low * high + high * high, 0).squareRoot()
    }
    let value = Double(secondOnly - firstOnly) / Double(count)
    let low = spread(
      second.value - second.interval.lowerBound, first.interval.upperBound - first.value)
    let high = spread(
      second.interval.upperBound - second.value, first.value - first.interval.lowerBound)
    return Estimate(value: value, interval: max(value - low, -1)...min(value + high, 1))
  }

  /// Pearson's phi of both, with a correction for continuity; 0 if either always answers the same.
  private var correlation: Double {
    let (a, b, c, d) = (Double(both), Double(firstOnly), Double(secondOnly), Double(neither))
    let margins = (a + b) * (c + d) * (a + c) * (b + d)
    guard margins > 0 else { return 0 }
    let product = a * d - b * c
    let corrected = product > 0 ? max(product - (a + b + c + d) / 2, 0) : product
    return corrected / margins.squareRoot()
  }
}
