/// Everything that is counted about one candidate in one language.
struct Tally: Sendable {
  private(set) var sentences = 0
  private(set) var referenceLoss = 0.0
  private(set) var lossDifference = ClusteredMean()
  private(set) var divergence = ClusteredMean()
  private(set) var agreement = ClusteredMean()
  private(set) var divergences: [Float] = []
  /// Of the five likeliest tokens, the share that both have.
  private(set) var sharedInFive = ClusteredMean()
  private(set) var squaredProbabilityDifference = 0.0
  /// Embeddings first, then one a layer.
  var layers: [LayerTally]
  /// One a sequence.
  var sentenceCosines: [Float] = []

  init(layerCount: Int) { layers = [LayerTally](repeating: LayerTally(), count: layerCount + 1) }

  var positions: Int { divergences.count }

  mutating func addSentence() { sentences += 1 }

  mutating func add(_ position: PositionComparison, sentence: Int) {
    referenceLoss += position.referenceLoss
    lossDifference.add(position.loss - position.referenceLoss, cluster: sentence)
    divergence.add(position.divergence, cluster: sentence)
    agreement.add(position.agreesInFirst ? 1 : 0, cluster: sentence)
    divergences.append(Float(position.divergence))
    sharedInFive.add(Double(position.sharedInFive) / 5, cluster: sentence)
    squaredProbabilityDifference +=
      position.probabilityDifference * position.probabilityDifference
  }

  mutating func add(_ other: Tally) {
    sentences += other.sentences
    referenceLoss += other.referenceLoss
    lossDifference.add(other.lossDifference)
    divergence.add(other.divergence)
    agreement.add(other.agreement)
    divergences += other.divergences
    sharedInFive.add(other.sharedInFive)
    squaredProbabilityDifference += other.squaredProbabilityDifference
    for (index, layer) in other.layers.enumerated() { layers[index].add(layer) }
    sentenceCosines += other.sentenceCosines
  }
}

/// How far hidden states have drifted from those of the reference.
struct LayerTally: Sendable, BitwiseCopyable {
  var tokens = 0
  /// Sum over tokens of the cosine of both hidden states.
  var cosines = 0.0
  /// Sums of squares, of the error and of the reference.
  var error = 0.0
  var reference = 0.0

  mutating func add(_ other: LayerTally) {
    tokens += other.tokens
    cosines += other.cosines
    error += other.error
    reference += other.reference
  }
}
