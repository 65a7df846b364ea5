internal import ThimbleSystem

/// What was counted, by language and candidate.
public struct Evaluation: Sendable {
  public let languages: [String]
  public let candidates: [String]
  /// [languages][candidates]
  let tallies: [[Tally]]
  /// false: it was interrupted.
  public let isComplete: Bool
  public let options: EvaluationOptions
  /// Sentences without a token that can be masked: nothing of them was scored.
  public let skippedSentences: Int
  /// Sentences that were cut, because they had more tokens than the model has positions.
  public let cutSentences: Int
  public let seconds: Double

  /// What candidate `candidate` lost in language `language`; nil if no position was scored.
  public func measures(language: Int, candidate: Int) -> Measures? {
    Measures(tallies[language][candidate])
  }

  /// What candidate `candidate` lost over all positions.
  public func measures(candidate: Int) -> Measures? {
    var sum = tallies[0][candidate]
    for language in tallies.dropFirst() { sum.add(language[candidate]) }
    return Measures(sum)
  }
}

/// How the outputs of a candidate differ from those of the reference.
public struct Measures: Sendable {
  public let sentences: Int
  public let positions: Int
  /// exp of the mean loss at masked positions.
  public let referencePerplexity: Double
  public let perplexity: Double
  /// `perplexity` over `referencePerplexity`, from paired losses.
  public let perplexityRatio: Estimate
  /// In nats.
  public let divergence: Divergence
  /// Share of positions where both find the same token likeliest.
  public let agreement: Estimate
  /// Share of the reference's five likeliest tokens that are among the candidate's.
  public let agreementInFive: Double
  public let agreementInFiveInterval: ClosedRange<Double>
  /// Root mean square of the change in the probability of the token that was there.
  public let probabilityDifference: Double
  /// After the embeddings, then after every layer.
  public let layers: [LayerDrift]
  public let sentenceCosine: CosineSummary

  public struct Divergence: Sendable {
    public let mean: Estimate
    public let median: Double
    public let percentile90: Double
    public let percentile99: Double
    public let percentile999: Double
    public let maximum: Double
  }

  public struct LayerDrift: Sendable {
    /// Mean over tokens.
    public let cosine: Double
    /// Length of the error over that of the reference, all tokens together.
    public let relativeError: Double
  }

  /// Cosines of mean-pooled sentence vectors.
  public struct CosineSummary: Sendable {
    public let mean: Double
    /// The cosine that 99 % of the sentences reach.
    public let percentile1: Double
    public let minimum: Double

    init?(_ cosines: [Float]) {
      guard !cosines.isEmpty else { return nil }
      let sorted = cosines.sorted()
      mean = sorted.reduce(0) { $0 + Double($1) } / Double(sorted.count)
      percentile1 = quantile(sorted, 0.01)
      minimum = Double(sorted[0])
    }
  }
}

extension Measures {
  init?(_ tally: Tally) {
    guard tally.positions > 0, let cosines = CosineSummary(tally.sentenceCosines) else {
      return nil
    }
    sentences = tally.sentences
    positions = tally.positions
    let count = Double(tally.positions)
    let loss = tally.referenceLoss / count
    let difference = tally.lossDifference.estimate
    referencePerplexity = exponential(loss)
    perplexity = exponential(loss + difference.value)
    perplexityRatio = Estimate(
      value: exponential(difference.value),
      interval: exponential(
        difference.interval.lowerBound)...exponential(difference.interval.upperBound))
    let sorted = tally.divergences.sorted()
    divergence = Divergence(
      mean: tally.divergence.nonnegativeEstimate, median: quantile(sorted, 0.5),
      percentile90: quantile(sorted, 0.9), percentile99: quantile(sorted, 0.99),
      percentile999: quantile(sorted, 0.999), maximum: Double(sorted[sorted.count - 1]))
    agreement = tally.agreement.proportion()
    let inFive = tally.sharedInFive.proportion(ofTrials: 5)
    (agreementInFive, agreementInFiveInterval) = (inFive.value, inFive.interval)
    probabilityDifference = (tally.squaredProbabilityDifference / count).squareRoot()
    layers = tally.layers.map { layer in
      LayerDrift(
        cosine: layer.cosines / Double(layer.tokens),
        relativeError: (layer.error / max(layer.reference, .leastNormalMagnitude)).squareRoot())
    }
    sentenceCosine = cosines
  }
}

/// The value below which the share `share` of `sorted` lies, interpolated between neighbours.
func quantile(_ sorted: [Float], _ share: Double) -> Double {
  let place = share * Double(sorted.count - 1)
  let lower = Int(place)
  let upper = min(lower + 1, sorted.count - 1)
  let weight = place - Double(lower)
  return Double(sorted[lower]) * (1 - weight) + Double(sorted[upper]) * weight
}
