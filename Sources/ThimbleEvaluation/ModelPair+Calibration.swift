public import ThimbleArchitecture
internal import ThimbleFormat
internal import ThimbleModel
internal import ThimbleReference
internal import ThimbleSystem

/// What a calibration measures.
public struct CalibrationOptions: Sendable {
  public var evaluation = EvaluationOptions()
  /// Whether the cost of each matrix's error is measured, which takes a pass for each.
  public var measuresSensitivities = true
  /// Matrices whose inputs' products are kept: columns² values each.
  public var keepsProducts: @Sendable (_ tensorName: String) -> Bool = { _ in false }

  public init() {}
}

extension ModelPair {
  // So many models fit beside the reference without making batches small.
  private static let candidatesAtATime = 6

  /// Measures where errors cost most. The file is the probe: errors are its own, matrix by matrix, so it should be about as coarse as
  /// what shall be made.
  ///
  /// - Parameters:
  ///   - progress: called now and then with the share that is done.
  ///   - isInterrupted: whether to stop; what was measured until then is returned.
  public func calibration(
    _ text: EvaluationText, _ options: CalibrationOptions = CalibrationOptions(),
    progress: (Double) -> Void = { _ in }, isInterrupted: () -> Bool = { false }
  ) throws(EvaluationError) -> Calibration {
    let statistics = InputStatistics(pool: pool, wantsProducts: options.keepsProducts)
    let noise = options.measuresSensitivities ? try tensorErrors() : []
    let dequantised = DequantizedWeights(weights, workers: pool.threadCount)
    var sensitivities: [String: Double] = [:]
    var positions = 0
    for start in stride(from: 0, to: max(noise.count, 1), by: Self.candidatesAtATime) {
      if start > 0, isInterrupted() { break }
      let probes = noise[start..<min(start + Self.candidatesAtATime, noise.count)]
      // Something has to be compared, even where only inputs are looked at.
      let candidates =
        probes.isEmpty
        ? [Candidate("reference", reference)]
        : probes.map {
          Candidate($0.name, MixedWeights(reference, exchanging: $0.name, with: dequantised))
        }
      let evaluator = try evaluator(candidates, options.evaluation)
      if start == 0 { evaluator.inputStatistics = statistics }
      let evaluation = try evaluator.run(
        text,
        progress: { done, total in
          progress(
            (Double(start) + Double(probes.count) * Double(done) / Double(total))
              / Double(max(noise.count, 1)))
        }, isInterrupted: isInterrupted)
      if let failure = statistics.failure { throw .system(failure) }
      for (index, probe) in probes.enumerated() where probe.squares > 0 {
        guard let measures = evaluation.measures(candidate: index) else { continue }
        sensitivities[probe.name] = measures.divergence.mean.value / probe.squares
        positions = measures.positions
      }
    }
    let names = Set(statistics.names).union(sensitivities.keys)
    return Calibration(
      matrices: Dictionary(
        uniqueKeysWithValues: names.map { name in
          (
            name,
            Calibration.Matrix(
              inputMeanSquares: statistics.meanSquares(of: name),
              inputProducts: statistics.meanProducts(of: name), sensitivity: sensitivities[name])
          )
        }), positions: positions)
  }
}
