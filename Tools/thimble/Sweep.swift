internal import ArgumentParser
internal import Thimble
internal import ThimbleConvert
internal import ThimbleEvaluation
internal import ThimbleImport
internal import ThimbleSystem

struct Sweep: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Draws what a model loses at each of several sizes.",
    discussion: """
      Converts CHECKPOINT to each size in turn, into a temporary file, and measures it as `thimble evaluate` does; \
      beside them per-row int8 and the block formats of llama.cpp, of the same matrices. Ctrl-C ends it with what is \
      known so far.

      Example:
        thimble sweep xlm-mlm-100-1280 --bits 4,5,6,7,8 --text sentences/ --limit 100 --html curve.html
      """)

  @Argument(help: "The checkpoint.")
  var checkpoint: String

  @Option(
    help: ArgumentHelp("Bits per weight of each file, separated by commas.", valueName: "a,b"))
  var bits = "3,4,5,6,7,8"

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Text files, or folders of LANG.txt.", valueName: "path"))
  var text: [String]

  @Flag(help: "Leave the formats of others out.")
  var noBaselines = false

  @Option(help: ArgumentHelp("The folder for temporary files.", valueName: "folder"))
  var temporary = environment("TMPDIR") ?? "/tmp"

  @OptionGroup var measuring: MeasuringOptions

  @OptionGroup var outputs: ReportOutputs

  @OptionGroup var options: ModelOptions

  private var sizes: [Double] {
    bits.split(separator: ",").compactMap { Double($0) }.filter { $0 > 0 && $0.isFinite }
  }

  func validate() throws {
    guard !sizes.isEmpty, sizes.count == bits.split(separator: ",").count else {
      throw ValidationError("--bits \(bits): numbers above 0 are needed, such as 4,5.5,7.")
    }
  }

  func run() throws {
    try reportingFailure {
      let files = try outputs.open()
      let sentences = try EvaluationText(paths: text)
      let kernels = try options.run.kernels()
      let opened = try XLMCheckpoint.open(checkpoint)
      warn(of: opened, checkpoint)
      let source = try ConversionSource(opened)
      let folder = "\(temporary)/thimble-sweep-\(processID)"
      try makeFolder(folder)
      let path = "\(folder)/model.thimble"
      defer {
        removePath(path)
        removePath(folder)
      }
      Interruption.watch()
      var report = SweepReport(referencePath: checkpoint)
      var hasBaselines = noBaselines
      for size in sizes where !Interruption.isRequested {
        let name = "\(decimal(size, 2)) bits"
        let converter = try Converter(
          source, rate: .bits(size), threadCount: options.run.threadCount, kernels: kernels)
        guard try write(path, converter) else { continue }
        let pair = try ModelPair(file: path, reference: checkpoint, run: options.run)
        report.add(
          try measure(pair.candidates([.both]), of: pair, sentences, name), of: pair, name: name)
        if !hasBaselines, !Interruption.isRequested {
          hasBaselines = true
          let baselines = pair.baselines()
          report.add(
            try measure(baselines.map(\.candidate), of: pair, sentences, "baselines"), of: baselines
          )
        }
      }
      try files.write(json: report.json, html: report.html)
      if !outputs.json { try StandardStream.output.write(report.text) }
    }
  }

  /// - Returns: false, after a message, if no file of the wanted size can be made.
  private func write(_ path: String, _ converter: Converter) throws -> Bool {
    do throws(ConvertError) {
      _ = try converter.convert(to: path)
      return true
    } catch {
      guard case .unreachable = error else { throw error }
      report(error, at: "left out")
      return false
    }
  }

  private func measure(
    _ candidates: [Candidate], of pair: ModelPair, _ text: EvaluationText, _ title: String
  ) throws -> Evaluation {
    var progress: Progress?
    defer { progress?.finish() }
    return try pair.evaluator(candidates, measuring.options).run(
      text,
      progress: { done, total in
        progress =
          progress ?? Progress("Evaluating \(title)", unit: .items("sentences"), total: total)
        progress?.update(done)
      }, isInterrupted: { Interruption.isRequested })
  }
}
