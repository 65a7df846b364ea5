import Testing
import ThimbleEvaluation

@Suite("Intervals")
struct StatisticsTests {
  private func expect(
    _ interval: ClosedRange<Double>, _ low: Double, _ high: Double,
    location: SourceLocation = #_sourceLocation
  ) {
    #expect(abs(interval.lowerBound - low) < 5e-5, "\(interval)", sourceLocation: location)
    #expect(abs(interval.upperBound - high) < 5e-5, "\(interval)", sourceLocation: location)
  }

  @Test("Wilson's are those of Newcombe's table, and stay within 0 and 1 at the ends")
  func wilson() {
    // R. G. Newcombe, Stat. Med. 17 (1998), 857, table I, method 3: 81/263, 15/148, 0/20, 1/29.
    expect(wilsonInterval(share: 81.0 / 263, trials: 263), 0.2553, 0.3662)
    expect(wilsonInterval(share: 15.0 / 148, trials: 148), 0.0624, 0.1605)
    expect(wilsonInterval(share: 0, trials: 20), 0, 0.1611)
    expect(wilsonInterval(share: 1.0 / 29, trials: 29), 0.0061, 0.1718)
    expect(wilsonInterval(share: 1, trials: 20), 1 - 0.1611, 1)
    #expect(wilsonInterval(share: 1, trials: 20).upperBound == 1)
    #expect(wilsonInterval(share: 0, trials: 20).lowerBound == 0)
  }

  @Test("trials that only repeat each other count once")
  func clusters() {
    var repeated = ClusteredMean()
    var independent = ClusteredMean()
    for sentence in 0..<40 {
      for position in 0..<5 {
        repeated.add(sentence.isMultiple(of: 2) ? 1 : 0, cluster: sentence)
        independent.add(position.isMultiple(of: 2) == (sentence % 4 < 2) ? 1 : 0, cluster: sentence)
      }
    }
    // The variance of 40 sentences, with one degree of freedom less.
    #expect(repeated.proportion().interval == wilsonInterval(share: 0.5, trials: 39))
    // Sentences that vary less than chance has it count as independent trials, not as more.
    #expect(independent.proportion().interval == wilsonInterval(share: 0.5, trials: 200))
  }

  @Test("a share of all or of none has an interval that does not leave 0...1 and is not empty")
  func ends() {
    for value in [0.0, 1] {
      var mean = ClusteredMean()
      for sentence in 0..<10 { mean.add(value, cluster: sentence) }
      let estimate = mean.proportion()
      #expect(estimate.value == value)
      #expect(estimate.interval == wilsonInterval(share: value, trials: 10))
    }
    var single = ClusteredMean()
    single.add(1, cluster: 0)
    single.add(0, cluster: 0)
    #expect(!single.proportion().hasInterval && !single.estimate.hasInterval)
  }

  @Test("a mean of what is never below 0 has no interval below 0")
  func nonnegative() {
    var mean = ClusteredMean()
    for (sentence, value) in [0.0, 0, 0, 8].enumerated() { mean.add(value, cluster: sentence) }
    #expect(mean.estimate.interval.lowerBound < 0)
    #expect(mean.nonnegativeEstimate.interval.lowerBound == 0)
    #expect(mean.nonnegativeEstimate.interval.upperBound == mean.estimate.interval.upperBound)
  }

  @Test("differences of paired shares: symmetric, and not certain where both always agree")
  func paired() {
    func answers(_ counts: (both: Int, first: Int, second: Int, neither: Int)) -> PairedAnswers {
      var answers = PairedAnswers()
      for _ in 0..<counts.both { answers.add(first: true, second: true) }
      for _ in 0..<counts.first { answers.add(first: true, second: false) }
      for _ in 0..<counts.second { answers.add(first: false, second: true) }
      for _ in 0..<counts.neither { answers.add(first: false, second: false) }
      return answers
    }
    let some = answers((36, 2, 12, 0)).difference
    let mirrored = answers((36, 12, 2, 0)).difference
    #expect(abs(some.value - 0.2) < 1e-12)
    #expect(abs(some.interval.lowerBound + mirrored.interval.upperBound) < 1e-12)
    #expect(some.interval.contains(0.2) && some.interval.lowerBound > 0)
    let same = answers((30, 0, 0, 10)).difference
    #expect(same.value == 0 && same.interval.lowerBound < 0 && same.interval.upperBound > 0)
    let opposite = answers((0, 0, 20, 0)).difference
    #expect(opposite.value == 1 && opposite.interval.upperBound == 1)
  }
}
