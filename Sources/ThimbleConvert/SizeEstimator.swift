internal import ThimbleArchitecture
internal import ThimbleFormat
internal import ThimbleRounding

/// Foretells how large the file becomes, by encoding a sample of its chunks.
final class SizeEstimator {
  /// What the sample says about the spread of the weights.
  let steps: StepPlan
  /// Whether the sample is everything, and the estimates are exact.
  let isExact: Bool
  private let workforce: Workforce
  /// In the order of the file; of quantised tensors only.
  private let sample: [ChunkPlace]
  /// One a tensor: how often its sample goes into it.
  private let multiples: [Double]
  /// One a tensor: the size of those that are not quantised.
  private let fixedSizes: [Int]

  // Up to here all of the model is encoded in no time that a person would notice.
  private static let exactUpTo = 8 << 20
  private static let leastChunks = 2
  private static let chunksPerSample = 32

  init(_ workforce: Workforce) throws(ConvertError) {
    let plan = workforce.plan
    self.workforce = workforce
    isExact = plan.source.parameterCount <= Self.exactUpTo
    let sample = Self.sample(plan, isExact: isExact)
    self.sample = sample

    var weights = plan.shapes.map { _ in 0 }
    for place in sample {
      weights[place.tensor] += plan.rows(of: place).count * plan.shapes[place.tensor].columns
    }
    multiples = zip(plan.shapes, weights).map { Double($0.valueCount) / Double(max($1, 1)) }
    // Any step will do: only the weights' own squares are of interest.
    let energies = try workforce.sums(over: sample) { place, worker throws(ConvertError) in
      try worker.quantise(place, step: 1).signal
    }
    steps = StepPlan(
      plan.source.tensors,
      spreads: zip(energies, weights).map { ($0 / Double(max($1, 1))).squareRoot() },
      costs: plan.calibration?.costs ?? [:])
    let fixed = plan.chunks.filter { !plan.isQuantised($0.tensor) }
    fixedSizes = try workforce.sums(over: fixed) { place, worker throws(ConvertError) in
      try worker.encodedSize(place, step: 1)
    }
  }

  /// Estimates the size of the file if it is written with `fineness`.
  func fileSize(fineness: Double) throws(ConvertError) -> Int {
    let plan = workforce.plan
    let sizes = try workforce.sums(over: sample) { place, worker throws(ConvertError) in
      try worker.encodedSize(place, step: steps.step(of: place.tensor, fineness: fineness))
    }
    return plan.fileSize(
      tensorSizes: plan.shapes.indices.map {
        plan.isQuantised($0) ? Int(Double(sizes[$0]) * multiples[$0]) : fixedSizes[$0]
      })
  }

  /// Chunks of every matrix, evenly spread: rows of an embedding are sorted by how frequent their
  /// tokens are, so neighbours are alike.
  private static func sample(_ plan: ChunkPlan, isExact: Bool) -> [ChunkPlace] {
    plan.shapes.indices.filter(plan.isQuantised).flatMap { tensor in
      let count = plan.shapes[tensor].chunkCount
      let taken = isExact ? count : min(count, max(count / chunksPerSample, leastChunks))
      return (0..<taken).map {
        ChunkPlace(tensor: tensor, chunk: (2 * $0 + 1) * count / (2 * taken))
      }
    }
  }
}
