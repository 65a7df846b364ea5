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
    from checkpoint: XLMCheckpoint, _ source: ConversionSource
  ) throws -> (rate: Rate, guide: RoundingGuide?) {
    if calibrating.calibrateRandomly {
      return (rate, try guide(of: checkpoint, source, with: .randomTokens))
    }
    guard !calibrating.calibrate.isEmpty else { return (rate, nil) }
    var text = try EvaluationText(paths: calibrating.calibrate)
    var other: EvaluationText?
    if calibrating.maxKl != nil {
      let halves = text.halves()
      (text, other) = (halves.first, halves.second)
    }
    let guide = try guide(
      of: checkpoint, source, with: try calibrating.sentences(text, for: checkpoint))
    guard let limit = calibrating.maxKl, let other else { return (rate, guide) }
    return (.bits(try bits(ofDivergence: limit, checkpoint, source, guide, on: other)), guide)
  }

  /// What `text` says about the columns and, by way of a first file, about the steps.
  private func guide(
    of checkpoint: XLMCheckpoint, _ source: ConversionSource, with text: CalibrationText
  ) throws -> RoundingGuide {
    var guide = try calibrated(checkpoint, with: text)
    // What random tokens make of the vocabulary's scores says nothing.
    if case .randomTokens = text, checkpoint.tensor(MaskedLanguageModel.biasName) != nil {
      return guide
    }
    guide.costs = try withTrial(checkpoint, source, rate, guide) { pair in
      var progress: Progress?
      defer { progress?.finish() }
      return try pair.roundingCosts(text) { share in
        progress = progress ?? Progress("Measuring matrices", unit: .items("%"), total: 100)
        progress?.update(Int(100 * share))
      }
    }
    return guide
  }

  private func calibrated(
    _ checkpoint: XLMCheckpoint, with text: CalibrationText
  ) throws -> RoundingGuide {
    let kernels = try kernels()
    let calibrator = try Calibrator(
      try CheckpointWeights(checkpoint, workers: threadCount, kernels: kernels),
      pool: try ComputePool(threadCount: threadCount), kernels: kernels)
    var progress: Progress?
    defer { progress?.finish() }
    return try calibrator.run(text) { done, limit in
      progress = progress ?? Progress("Calibrating", unit: .items("tokens"), total: limit)
      progress?.update(done)
    }
  }

  /// The bits per weight of the smallest file that stays under `limit`.
  private func bits(
    ofDivergence limit: Double, _ checkpoint: XLMCheckpoint, _ source: ConversionSource,
    _ guide: RoundingGuide, on text: EvaluationText
  ) throws -> Double {
    let search = DivergenceSearch(limit: limit) { bits in
      let divergence = try withTrial(checkpoint, source, .bits(bits), guide) { pair in
        var options = EvaluationOptions()
        options.limit = 100
        options.readsIDs = calibrating.ids
        let evaluation = try pair.evaluator(pair.candidates([.both]), options).run(text)
        return evaluation.measures(candidate: 0)?.divergence.mean.value ?? .infinity
      }
      try StandardStream.error.write(
        "\(decimal(bits, 2)) bits per weight: mean KL \(decimal(divergence, 5))\n")
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
    _ checkpoint: XLMCheckpoint, _ source: ConversionSource, _ rate: Rate, _ guide: RoundingGuide,
    _ body: (ModelPair) throws -> Result
  ) throws -> Result {
    // Beside the output, where there is room for one such file; it loses its name as soon as it is open, so that whoever
    // ends this process leaves nothing behind.
    let path = OutputFile.hiddenPath(beside: output, "trial")
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
