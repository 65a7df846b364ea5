internal import ArgumentParser
internal import ThimbleArchitecture
internal import ThimbleConvert
internal import ThimbleEvaluation
internal import ThimbleImport
internal import ThimbleReference
internal import ThimbleSystem
internal import ThimbleText

/// What a conversion learns from before it rounds.
struct CalibrationOptions: ParsableArguments {
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "A hundred or more sentences like those the model will read, one per line: files, or folders of LANG.txt. Weights are rounded so that their errors compensate for each other on such text.",
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

  var isWanted: Bool { calibrateRandomly || !calibrate.isEmpty }

  /// What a conversion does, and about which shares of its time each part takes.
  var stages: [(name: String, share: Double)] {
    guard isWanted else { return [("Converting", 1)] }
    var stages = [("Calibrating", 40.0), ("Measuring matrices", 40.0)]
    if !calibrate.isEmpty { stages.insert(("Reading text", 0.5), at: 0) }
    if maxKl != nil { stages.append(("Searching the size", 150)) }
    return stages + [("Converting", 10)]
  }

  /// The sentences of `text`, as `checkpoint` reads them.
  func sentences(_ text: EvaluationText, for checkpoint: ModelCheckpoint) throws -> CalibrationText
  {
    if ids { return .ids(text) }
    guard let tables = try checkpoint.tokenizerTables() else {
      throw EvaluationError.noTokenizer(path: checkpoint.path)
    }
    let sentences = CalibrationText.sentences(
      text, try TokenizerTables(view: try ByteView(tables)))
    for warning in sentences.warnings { warn(warning) }
    return sentences
  }
}

/// Looks for the least bits per weight whose mean KL divergence is low enough.
struct DivergenceSearch {
  let limit: Double
  /// The mean KL divergence of a file with so many bits per weight.
  let measure: (Double) throws -> Double

  // Coarser files say nothing any more, and finer ones cannot be had of every model.
  static let range = 2.5...7.5
  private static let precision = 0.05
  /// Halvings until that, and the first trial.
  static let usualTrials = 8

  /// - Returns: nil if even the finest file differs more.
  func bits() throws -> Double? {
    var (low, high) = (Self.range.lowerBound, Self.range.upperBound)
    guard try measure(high) <= limit else { return nil }
    while high - low > Self.precision {
      let middle = (low + high) / 2
      if try measure(middle) <= limit { high = middle } else { low = middle }
    }
    return high
  }
}
