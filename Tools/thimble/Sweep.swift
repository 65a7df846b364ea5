internal import ArgumentParser
internal import Thimble
internal import ThimbleConvert
internal import ThimbleEvaluation
internal import ThimbleImport
internal import ThimbleSystem
internal import ThimbleText

struct Sweep: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measures what a model loses at each of several sizes.",
    discussion: """
      Converts CHECKPOINT to each size in turn, into a temporary file, and measures it as `thimble evaluate` does. \
      For comparison, it also measures per-row int8 and the block formats of llama.cpp on the same matrices. Ctrl-C \
      ends the run with what is known so far and exit code 130.

      Examples:
        thimble sweep xlm-mlm-100-1280 --text sentences/ --limit 100 --html curve.html
        thimble sweep xlm-mlm-100-1280 --bits 4,5.5,7 --text de.txt --no-baselines
      """)

  @Argument(help: "The checkpoint.", completion: .file())
  var checkpoint: String

  @Option(
    help: ArgumentHelp(
      "Bits per weight of each file, separated by commas. (default: 3,4,5,6,7 and the most that the model can have)",
      valueName: "a,b"), transform: Sweep.sizes)
  var bits: [Double]?

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Text files, folders of LANG.txt, or - for standard input.", valueName: "path"),
    completion: .file())
  var text: [String]

  @OptionGroup var measuring: MeasuringOptions

  @Option(
    name: .customLong("lang"),
    help: ArgumentHelp(
      "The language of all text. (default: from the names of the files)", valueName: "lang"))
  var language: String?

  @Flag(help: "Leave out per-row int8 and the formats of llama.cpp.")
  var noBaselines = false

  @Option(
    help: ArgumentHelp("The folder for temporary files.", valueName: "folder"),
    completion: .directory)
  var temporary = environment("TMPDIR") ?? "/tmp"

  @OptionGroup var outputs: ReportOutputs

  @OptionGroup var options: ModelOptions

  private static func sizes(_ text: String) throws -> [Double] {
    try text.split(separator: ",", omittingEmptySubsequences: false).map {
      guard let size = Double($0), size > 0, size.isFinite else {
        throw ValidationError("--bits \(text): must be numbers above 0, such as 4,5.5,7.")
      }
      return size
    }
  }

  func run() throws {
    try reportingFailure {
      let files = try outputs.open()
      let sentences = try EvaluationText(paths: text, language: language)
      let opened = try ModelCheckpoint.open(checkpoint)
      warn(of: opened, checkpoint)
      try warn(about: sentences, opened, readsIDs: measuring.ids)
      let source = try ConversionSource(opened)
      let kernels = try options.run.kernels()
      let converter = { rate in
        try Converter(source, rate: rate, threadCount: options.run.threadCount, kernels: kernels)
      }
      let sizes = try reachable(converter(.bits(6)).reachableBits())
      var report = SweepReport(referencePath: checkpoint)
      for (index, size) in sizes.enumerated() where !Interruption.isRequested {
        let title = "\(decimal(size, 2)) bits"
        let place = sizes.count > 1 ? " (\(index + 1) of \(sizes.count))" : ""
        let pair = try trial(converter(.bits(size)), title + place)
        let evaluation = try measure(
          "Evaluating \(title)\(place)", pair.candidates([.both]), of: pair, sentences)
        if index == 0 { warn(about: evaluation) }
        report.add(evaluation, of: pair, name: title)
        if !noBaselines, index == 0, !Interruption.isRequested {
          let baselines = pair.baselines()
          try report.add(
            measure("Evaluating baselines", baselines.map(\.candidate), of: pair, sentences),
            of: baselines)
        }
      }
      guard !report.points.isEmpty else { throw EvaluationError.interrupted }
      try files.write(json: report.json, html: report.html)
      if !outputs.json { try StandardStream.output.write(report.text) }
      options.account()
      try Interruption.exitIfRequested()
    }
  }

  /// The sizes to measure.
  ///
  /// - Throws: `ValidationError` for one that was asked for and is not within `range`.
  private func reachable(_ range: ClosedRange<Double>) throws -> [Double] {
    // A file that comes close to the end of what is possible may miss it by a little.
    let (low, high) = (range.lowerBound, range.upperBound * 0.995)
    guard let bits else { return [3, 4, 5, 6, 7].filter { (low...high).contains($0) } + [high] }
    for size in bits where !range.contains(size) {
      throw ValidationError(
        "--bits \(decimal(size, 2)): this model can have from \(decimal(low, 2)) to \(decimal(high, 2)) bits per weight."
      )
    }
    return bits
  }

  /// A file of this size beside its checkpoint. It has lost its name, so that whoever ends this process leaves nothing behind.
  private func trial(_ converter: Converter, _ title: String) throws -> ModelPair {
    let path = OutputFile.hiddenPath(beside: "\(temporary)/thimble-sweep", "trial")
    var progress: Progress?
    defer {
      progress?.finish()
      removePath(path)
    }
    _ = try converter.convert(to: path) { done in
      progress =
        progress ?? Progress("Converting to \(title)", unit: .bytes, total: done.bytesTotal)
      progress?.update(done.bytesDone)
    }
    return try ModelPair(file: path, reference: checkpoint, run: options.run)
  }

  private func measure(
    _ title: String, _ candidates: [Candidate], of pair: ModelPair, _ text: EvaluationText
  ) throws -> Evaluation {
    Interruption.watch()
    // A conversion cannot be ended early: there a signal ends the process, and leaves nothing behind.
    defer { if !Interruption.isRequested { Interruption.unwatch() } }
    return try evaluated(text, by: pair.evaluator(candidates, measuring.options), title)
  }
}

/// Warns about languages whose texts are not split as they should be.
private func warn(
  about text: EvaluationText, _ checkpoint: ModelCheckpoint, readsIDs: Bool
) throws {
  guard !readsIDs, let tables = try checkpoint.tokenizerTables() else { return }
  warn(about: text, try TokenizerTables(view: try ByteView(tables)), readsIDs: false)
}
