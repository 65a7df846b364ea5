internal import ThimbleArchitecture
public import ThimbleConvert
internal import ThimbleEvaluation
public import ThimbleImport
internal import ThimbleReference
internal import ThimbleRounding
public import ThimbleSystem
internal import ThimbleText

/// Learns from text how to round a checkpoint, and if wanted how finely.
///
/// In order: the moments of the inputs say how errors of weights can make up for each other and which columns to
/// smooth; a first file, made with that, says what the rounding of each matrix costs; then files of different sizes are
/// tried until the smallest is known that is close enough to the checkpoint. Such files are for the recipe alone and
/// have no name while they are used.
///
/// The result depends on nothing but the checkpoint, the material, the rate and the limit.
public struct CalibrationRecipe {
  private let checkpoint: ModelCheckpoint
  private let material: CalibrationMaterial
  private let rate: Rate
  private let divergenceLimit: Double?
  private let trials: TrialFiles

  // Of each language: the mean over so many sentences is known well enough.
  private static let sentencesOfTrial = 100

  /// - Parameters:
  ///   - source: what files are made of, from `checkpoint`.
  ///   - rate: of the file whose matrices are measured; and the result, if there is no limit.
  ///   - divergenceLimit: the mean KL divergence in nats that the smallest file may have, above 0. Half of each
  ///     language's sentences are kept to measure it, and nothing is learnt from them.
  ///   - path: files to try get hidden names in its folder, where there must be room for one.
  ///   - threadCount: at least 1.
  /// - Precondition: a limit comes with text to measure on.
  public init(
    _ checkpoint: ModelCheckpoint, _ source: ConversionSource, material: CalibrationMaterial,
    rate: Rate, divergenceLimit: Double? = nil, beside path: String, threadCount: Int,
    kernels: KernelTable
  ) {
    precondition(divergenceLimit == nil || material.isText, "random tokens measure nothing")
    self.checkpoint = checkpoint
    self.material = material
    self.rate = rate
    self.divergenceLimit = divergenceLimit
    trials = TrialFiles(
      checkpoint: checkpoint, source: source, neighbour: path, threadCount: threadCount,
      kernels: kernels)
  }

  /// What `run` will do, in order.
  public var stages: [CalibrationStage] {
    CalibrationStage.allCases.filter { stage in
      switch stage {
      case .reading: material.isText
      case .calibrating: true
      case .measuring: measuresMatrices
      case .searching: divergenceLimit != nil
      }
    }
  }

  /// What random tokens make of the vocabulary's scores says nothing.
  private var measuresMatrices: Bool {
    material.isText || !checkpoint.heads.contains(.languageModel)
  }

  /// Does all stages.
  ///
  /// - Parameter report: called at the beginning of every stage, and on the way, always on this thread.
  /// - Throws: `CalibrationError.unreachable`; `EvaluationError` for text that cannot be used; `ConvertError` and
  ///   `ModelError` for a checkpoint, or a folder, that cannot. No file is left behind.
  public func run(_ report: (CalibrationEvent) -> Void = { _ in }) throws -> Calibration {
    func during<Result>(_ stage: CalibrationStage, _ body: () throws -> Result) rethrows -> Result {
      report(.stage(stage))
      let result = try body()
      report(.progress(1))
      return result
    }
    var (lessons, exam) = (CalibrationText.randomTokens, EvaluationText?.none)
    if case .text(let paths, _) = material {
      (lessons, exam) = try during(.reading) { try texts(paths, report) }
    }
    var guide = try during(.calibrating) { try learn(from: lessons, report) }
    if measuresMatrices {
      guide.costs = try during(.measuring) {
        try trials.open(rate, guide) { pair in
          try pair.roundingCosts(lessons) { report(.progress($0)) }
        }
      }
    }
    guard let divergenceLimit, let exam else { return Calibration(rate: rate, guide: guide) }
    let bits = try during(.searching) {
      try leastBits(for: divergenceLimit, guide, on: exam, report)
    }
    return Calibration(rate: .bits(bits), guide: guide)
  }

  /// What to learn from, and what to measure a limit on.
  private func texts(
    _ paths: [String], _ report: (CalibrationEvent) -> Void
  ) throws -> (lessons: CalibrationText, exam: EvaluationText?) {
    let all = try EvaluationText(paths: paths)
    let (text, exam) = divergenceLimit == nil ? (all, nil) : all.halves()
    if material.holdsIDs { return (.ids(text), exam) }
    guard let tables = try checkpoint.tokenizerTables() else {
      throw EvaluationError.noTokenizer(path: checkpoint.path)
    }
    let lessons = CalibrationText.sentences(
      text, try TokenizerTables(view: try ByteView(tables)))
    for warning in lessons.warnings { report(.warning(warning)) }
    return (lessons, exam)
  }

  private func learn(
    from text: CalibrationText, _ report: (CalibrationEvent) -> Void
  ) throws -> RoundingGuide {
    let (threads, kernels) = (trials.threadCount, trials.kernels)
    let calibrator = try Calibrator(
      try CheckpointWeights(checkpoint, workers: threads, kernels: kernels),
      pool: try ComputePool(threadCount: threads), kernels: kernels)
    return try calibrator.run(text) { done, limit in
      report(.progress(Double(done) / Double(max(limit, 1))))
    }
  }

  private func leastBits(
    for limit: Double, _ guide: RoundingGuide, on text: EvaluationText,
    _ report: (CalibrationEvent) -> Void
  ) throws -> Double {
    var options = EvaluationOptions()
    options.limit = Self.sentencesOfTrial
    options.readsIDs = material.holdsIDs
    let search = DivergenceSearch(
      limit: limit, in: try trials.bits(within: DivergenceSearch.usualRange, guide))
    var tried = 0
    return try search.leastBits { bits in
      let divergence = try trials.open(.bits(bits), guide) { pair in
        let evaluation = try pair.evaluator(pair.candidates([.both]), options).run(text)
        return evaluation.measures(candidate: 0)?.divergence.mean.value ?? .infinity
      }
      tried += 1
      report(.trial(CalibrationTrial(bitsPerWeight: bits, divergence: divergence)))
      report(.progress(Double(tried) / Double(search.trialCount)))
      return divergence
    }
  }
}
