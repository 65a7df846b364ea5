internal import ArgumentParser
internal import Thimble
internal import ThimbleArchitecture
internal import ThimbleConvert
internal import ThimbleEvaluation
internal import ThimbleImport
internal import ThimbleModel
internal import ThimbleReference
internal import ThimbleSystem

extension Convert {
  /// How fine the weights shall be, and what was learnt about rounding them.
  func learn(
    from checkpoint: ModelCheckpoint, _ source: ConversionSource, _ stages: Stages
  ) throws -> (rate: Rate, guide: RoundingGuide?) {
    if calibrating.calibrateRandomly {
      return (rate, try guide(of: checkpoint, source, with: .randomTokens, stages))
    }
    guard !calibrating.calibrate.isEmpty else { return (rate, nil) }
    stages.next()
    var text = try EvaluationText(paths: calibrating.calibrate)
    var other: EvaluationText?
    if calibrating.maxKl != nil {
      let halves = text.halves()
      (text, other) = (halves.first, halves.second)
    }
    let guide = try guide(
      of: checkpoint, source, with: try calibrating.sentences(text, for: checkpoint), stages)
    guard let limit = calibrating.maxKl, let other else { return (rate, guide) }
    stages.next()
    return (
      .bits(try bits(ofDivergence: limit, checkpoint, source, guide, on: other, stages)), guide
    )
  }

  /// What `text` says about the columns and, by way of a first file, about the steps.
  private func guide(
    of checkpoint: ModelCheckpoint, _ source: ConversionSource, with text: CalibrationText,
    _ stages: Stages
  ) throws -> RoundingGuide {
    stages.next()
    var guide = try calibrated(checkpoint, with: text, stages)
    stages.next()
    // What random tokens make of the vocabulary's scores says nothing.
    if case .randomTokens = text, checkpoint.heads.contains(.languageModel) {
      return guide
    }
    guide.costs = try withTrial(checkpoint, source, rate, guide) { pair in
      try pair.roundingCosts(text) { share in stages.update(share) }
    }
    return guide
  }

  private func calibrated(
    _ checkpoint: ModelCheckpoint, with text: CalibrationText, _ stages: Stages
  ) throws -> RoundingGuide {
    let kernels = try kernels()
    let calibrator = try Calibrator(
      try CheckpointWeights(checkpoint, workers: threadCount, kernels: kernels),
      pool: try ComputePool(threadCount: threadCount), kernels: kernels)
    return try calibrator.run(text) { done, limit in
      stages.update(Double(done) / Double(max(limit, 1)))
    }
  }

  /// The bits per weight of the smallest file that stays under `limit`.
  private func bits(
    ofDivergence limit: Double, _ checkpoint: ModelCheckpoint, _ source: ConversionSource,
    _ guide: RoundingGuide, on text: EvaluationText, _ stages: Stages
  ) throws -> Double {
    var tried = 0
    let search = DivergenceSearch(limit: limit) { bits in
      let divergence = try withTrial(checkpoint, source, .bits(bits), guide) { pair in
        var options = EvaluationOptions()
        options.limit = 100
        options.readsIDs = calibrating.ids
        let evaluation = try pair.evaluator(pair.candidates([.both]), options).run(text)
        return evaluation.measures(candidate: 0)?.divergence.mean.value ?? .infinity
      }
      tried += 1
      stages.finish()
      try StandardStream.error.write(
        "\(decimal(bits, 2)) bits per weight: mean KL \(decimal(divergence, 5))\n")
      stages.update(Double(tried) / Double(DivergenceSearch.usualTrials))
      return divergence
    }
    guard let bits = try search.bits() else {
      throw ValidationError(
        "--max-kl \(limit): even \(DivergenceSearch.range.upperBound) bits per weight differ more.")
    }
    return bits
  }

  /// Calls `body` with a file that is made for this alone, beside its checkpoint.
  private func withTrial<Result>(
    _ checkpoint: ModelCheckpoint, _ source: ConversionSource, _ rate: Rate, _ guide: RoundingGuide,
    _ body: (ModelPair) throws -> Result
  ) throws -> Result {
    // Beside the output, where there is room for one such file; it loses its name as soon as it is open, so that whoever
    // ends this process leaves nothing behind.
    let path = OutputFile.hiddenPath(beside: output, "trial")
    let doomed = DoomedPath(path)
    defer { withExtendedLifetime(doomed) {} }
    let converter = try Converter(
      source, rate: rate, calibration: guide, threadCount: threadCount, kernels: try kernels())
    _ = try converter.convert(to: path)
    var run = RunOptions(threads: threadCount)
    run.isa = environment("THIMBLE_ISA")
    let pair: ModelPair
    do {
      defer { removePath(path) }
      pair = try ModelPair(file: path, checkpoint: checkpoint, run: run)
    }
    return try body(pair)
  }
}
