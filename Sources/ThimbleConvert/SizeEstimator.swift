internal import ThimbleFormat
internal import ThimbleSystem

/// Foretells how large the file becomes, by encoding a sample of its chunks.
final class SizeEstimator {
  /// What the sample says about the spread of the weights.
  let steps: StepPlan
  /// Whether the sample is everything, and the estimates are exact.
  let isExact: Bool
  private let workforce: Workforce
  /// In the order of the file; of quantised tensors only.
  private let sample: [ChunkPlace]
  /// One a tensor: weights of the sample.
  private let sampledWeights: [Int]
  /// One a tensor: the size of those that are not quantised.
  private let fixedSizes: [Int]
  private let slots: [ChunkSlot]
  private let sizes: AlignedArray<Int>

  // Below this the whole model is encoded in the time that a person does not notice.
  private static let exactUpTo = 8 << 20
  private static let leastChunks = 2
  private static let fraction = 32

  init(_ workforce: Workforce) throws(ConvertError) {
    let plan = workforce.plan
    self.workforce = workforce
    isExact = plan.source.parameterCount <= Self.exactUpTo
    sample = Self.sample(plan, isExact: isExact)
    slots = try rethrowing { () throws(SystemError) in
      try workforce.makeSlots(workforce.threadCount)
    }
    let fixed = plan.chunks.filter { !plan.isQuantised($0.tensor) }
    sizes = try rethrowing { [sample] () throws(SystemError) in
      try AlignedArray(count: max(sample.count, fixed.count))
    }
    var sampledWeights = [Int](repeating: 0, count: plan.shapes.count)
    for place in sample {
      sampledWeights[place.tensor] += plan.rows(of: place).count * plan.shapes[place.tensor].columns
    }
    self.sampledWeights = sampledWeights

    let signals = try rethrowing { [sample] () throws(SystemError) in
      try AlignedArray<Double>(count: sample.count)
    }
    try workforce.run(count: sample.count) { [sample] task, _, worker throws(ConvertError) in
      // Any step will do: only the weights' own squares are of interest.
      signals[task] = try worker.quantise(sample[task], step: 1).signal
      plan.release(sample[task])
    }
    var energies = [Double](repeating: 0, count: plan.shapes.count)
    for (task, place) in sample.enumerated() { energies[place.tensor] += signals[task] }
    steps = StepPlan(
      plan.source.tensors,
      spreads: zip(energies, sampledWeights).map { ($0 / Double(max($1, 1))).squareRoot() })

    fixedSizes = try Self.encodedSizes(fixed, of: workforce, slots, sizes) { _ in 1 }
  }

  /// Estimates the size of the file if it is written with `fineness`.
  func fileSize(fineness: Double) throws(ConvertError) -> Int {
    let plan = workforce.plan
    let sampledSizes = try Self.encodedSizes(sample, of: workforce, slots, sizes) {
      steps.step(of: $0, fineness: fineness)
    }
    return plan.fileSize(
      tensorSizes: plan.shapes.indices.map { tensor in
        guard plan.isQuantised(tensor) else { return fixedSizes[tensor] }
        let whole = Double(plan.shapes[tensor].valueCount)
        return Int(Double(sampledSizes[tensor]) * whole / Double(sampledWeights[tensor]))
      })
  }

  /// Encodes `places`.
  ///
  /// - Returns: one a tensor: the bytes of its chunks among `places`.
  private static func encodedSizes(
    _ places: [ChunkPlace], of workforce: Workforce, _ slots: [ChunkSlot],
    _ sizes: AlignedArray<Int>, step: (Int) -> Float
  ) throws(ConvertError) -> [Int] {
    try workforce.run(count: places.count) { task, thread, worker throws(ConvertError) in
      let slot = slots[thread]
      try worker.encode(places[task], step: step(places[task].tensor), into: slot)
      sizes[task] = slot.chunk?.size ?? 0
      workforce.plan.release(places[task])
    }
    var sums = [Int](repeating: 0, count: workforce.plan.shapes.count)
    for (task, place) in places.enumerated() { sums[place.tensor] += sizes[task] }
    return sums
  }

  /// Chunks of every matrix, evenly spread: rows of an embedding are sorted by how frequent their tokens are,
  /// so neighbours are alike.
  private static func sample(_ plan: ChunkPlan, isExact: Bool) -> [ChunkPlace] {
    plan.shapes.indices.filter(plan.isQuantised).flatMap { tensor in
      let count = plan.shapes[tensor].chunkCount
      let taken = isExact ? count : min(count, max(count / fraction, leastChunks))
      return (0..<taken).map { ChunkPlace(tensor: tensor, chunk: (2 * $0 + 1) * count / (2 * taken)) }
    }
  }
}
