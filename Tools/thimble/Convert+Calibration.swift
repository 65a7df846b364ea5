internal import ArgumentParser
internal import ThimbleCalibration
internal import ThimbleConvert
internal import ThimbleEvaluation
internal import ThimbleImport
internal import ThimbleSystem

/// What a conversion learns from before it rounds.
struct CalibrationOptions: ParsableArguments {
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "A hundred or more sentences like those the model will read, one per line: files, or folders of LANG.txt. Weights are rounded so that their errors compensate for each other on such text (error feedback, GPTQ), and inputs are smoothed.",
      valueName: "path"))
  var calibrate: [String] = []

  @Flag(help: "Calibrate with random tokens if you have no text; this brings most of the gain.")
  var calibrateRandomly = false

  @Flag(help: "Lines of the text are JSON lists of token ids, ends included.")
  var ids = false

  @Option(
    help: ArgumentHelp(
      "Find the smallest file whose predictions have at most this mean KL divergence, measured on half of the text while the other half calibrates. 0.001 is hardly noticeable.",
      valueName: "nats"))
  var maxKl: Double?

  func validate() throws {
    guard calibrate.isEmpty || !calibrateRandomly else {
      throw ValidationError("--calibrate and --calibrate-randomly exclude each other.")
    }
    if let maxKl {
      guard maxKl > 0, maxKl.isFinite else {
        throw ValidationError("--max-kl \(maxKl): must be a number above 0, such as 0.001.")
      }
      guard !calibrate.isEmpty else {
        throw ValidationError("--max-kl needs --calibrate PATH: sentences to measure on.")
      }
    }
  }

  /// What to learn from; nil if nothing shall be learnt.
  var material: CalibrationMaterial? {
    if calibrateRandomly { return .randomTokens }
    return calibrate.isEmpty ? nil : .text(paths: calibrate, holdsIDs: ids)
  }
}

extension Convert {
  /// How to learn what the options ask for; nil if nothing shall be learnt.
  func recipe(
    for checkpoint: ModelCheckpoint, _ source: ConversionSource
  ) throws -> CalibrationRecipe? {
    guard let material = calibrating.material else { return nil }
    return CalibrationRecipe(
      checkpoint, source, material: material, rate: rate, divergenceLimit: calibrating.maxKl,
      beside: output, threadCount: threadCount, kernels: try kernels())
  }

  /// Learns, and says on standard error how far that is.
  func learn(by recipe: CalibrationRecipe, _ stages: Stages) throws -> Calibration {
    do {
      return try recipe.run { event in
        switch event {
        case .stage: stages.next()
        case .progress(let share): stages.update(share)
        case .warning(let text): warn(text)
        case .trial(let trial):
          stages.finish()
          // Without standard error there is nobody to tell.
          try? StandardStream.error.write(
            "\(decimal(trial.bitsPerWeight, 2)) bits per weight: mean KL \(decimal(trial.divergence, 5))\n"
          )
        }
      }
    } catch CalibrationError.unreachable(let limit, let bits, let found) {
      throw ValidationError(
        "--max-kl \(limit): even \(decimal(bits, 2)) bits per weight differ more: by \(significant(found))."
      )
    }
  }
}
