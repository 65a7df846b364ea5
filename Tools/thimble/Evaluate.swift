internal import ArgumentParser
internal import Thimble
internal import ThimbleEvaluation
internal import ThimbleJSON
internal import ThimbleModel
internal import ThimbleSystem

struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measures what quantisation costs.",
    discussion: """
      Runs FILE and the checkpoint that it was made from over the same sentences with the same masks, and tells how \
      their answers differ: by language, with 95 % intervals, and split into what rounding the weights, rounding the \
      activations, and both together cost. Ctrl-C ends it with what is known so far.

      Text is one sentence a line; a file is named after its language, as in de.txt.

      Examples:
        thimble evaluate xlm.thimble --reference xlm-mlm-100-1280 --text sentences/
        thimble evaluate xlm.thimble --reference xlm-mlm-100-1280 --text de.txt --limit 200 --html report.html
      """)

  @Argument(help: "A .thimble file.")
  var file: String

  @Option(help: ArgumentHelp("The checkpoint that it was made from.", valueName: "checkpoint"))
  var reference: String

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Text files, or folders of LANG.txt.", valueName: "path"))
  var text: [String] = []

  @Option(
    help: "A task with labels instead of text: xnli (accuracy) or sts (Spearman's correlation).",
    transform: TaskReport.Task.init(argument:))
  var task: TaskReport.Task?

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "The examples of the task: xnli.test.tsv, dev-de.tsv, stsb-de-dev.csv.", valueName: "path"))
  var data: [String] = []

  @Option(
    help: ArgumentHelp(
      "Which output of the head is which class: original (contradiction neutral entailment), hf-processor (contradiction entailment neutral) or hf-dataset (entailment neutral contradiction). (default: as the checkpoint names them)",
      valueName: "order"), transform: LabelOrder.init(argument:))
  var labels: LabelOrder?

  @Option(help: "mean or first, for sts.")
  var pooling = Pooling.mean

  @Option(
    name: .customLong("compat"),
    help: "training or hf: how texts of a task are put into the model.")
  var convention = Convention.training

  @Flag(
    inversion: .prefixedNo,
    help: "Whether token types are added to texts of a task. (default: as --compat says)")
  var tokenTypes: Bool?

  @OptionGroup var measuring: MeasuringOptions

  @Flag(help: "Run the file only, without the split into weights and activations.")
  var noSplit = false

  @OptionGroup var outputs: ReportOutputs

  @OptionGroup var options: ModelOptions

  func validate() throws {
    if task == nil, text.isEmpty {
      throw ValidationError(
        "--text PATH is needed: sentences to measure on. Or --task with --data.")
    }
    if task != nil, data.isEmpty {
      throw ValidationError("--data PATH is needed: the examples of the task.")
    }
    if task == nil, !data.isEmpty { throw ValidationError("--data needs --task.") }
    if task != nil, !text.isEmpty {
      throw ValidationError("--task takes examples with --data instead of --text.")
    }
  }

  func run() throws {
    try reportingFailure {
      if let task { return try run(task) }
      let files = try outputs.open()
      let pair = try ModelPair(file: file, reference: reference, run: options.run)
      let sentences = try EvaluationText(paths: text)
      let evaluator = try pair.evaluator(
        pair.candidates(noSplit ? [.both] : LossPart.allCases), measuring.options)
      Interruption.watch()
      var progress: Progress?
      let evaluation = try evaluator.run(
        sentences,
        progress: { done, total in
          progress = progress ?? Progress("Evaluating", unit: .items("sentences"), total: total)
          progress?.update(done)
        }, isInterrupted: { Interruption.isRequested })
      progress?.finish()
      let report = try EvaluationReport(evaluation, of: pair)
      try files.write(json: report.json, html: report.html)
      if !outputs.json { try StandardStream.output.write(report.text) }
      options.account()
    }
  }
}

extension Evaluate {
  /// Runs a task with labels on both models.
  fileprivate func run(_ task: TaskReport.Task) throws {
    let files = try outputs.open()
    var plain = options.run
    plain.activations = .int8
    let pair = (
      file: try openSource(file, options.run), reference: try openSource(reference, plain)
    )
    var runner = TaskRunner(file: pair.file, reference: pair.reference)
    runner.textOptions.convention = convention
    runner.textOptions.addsTypes = tokenTypes
    runner.textOptions.truncates = true
    Interruption.watch()
    runner.isInterrupted = { Interruption.isRequested }
    var progress: Progress?
    runner.progress = { done, total in
      progress = progress ?? Progress("Evaluating", unit: .items("examples"), total: total)
      progress?.update(done)
    }
    let report =
      switch task {
      case .xnli:
        try runner.run(InferenceTask(paths: data, limit: measuring.limit), order: labels)
      case .sts:
        try runner.run(
          SimilarityTask(paths: data, limit: measuring.limit), pooling: pooling,
          readsIDs: measuring.ids)
      }
    progress?.finish()
    try files.write(json: report.json, html: report.html)
    if !outputs.json { try StandardStream.output.write(report.text) }
  }
}

extension TaskReport.Task {
  fileprivate init(argument: String) throws {
    guard let task = Self(rawValue: argument) else {
      throw ValidationError("--task \(argument): there are xnli and sts.")
    }
    self = task
  }
}

extension LabelOrder {
  fileprivate init(argument: String) throws {
    guard let order = LabelOrder(rawValue: argument) else {
      let known = LabelOrder.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("--labels \(argument): there are \(known).")
    }
    self = order
  }
}

/// What sentences are masked, and how many are read.
struct MeasuringOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The share of tokens that is masked.", valueName: "share"))
  var maskFraction = 0.15

  @Flag(
    help: "Mask every token in turn, alone: pseudo-log-likelihood. Takes a pass for each token.")
  var allPositions = false

  @Option(help: "Another seed draws other masks.")
  var seed: UInt64 = 1

  @Option(help: ArgumentHelp("The most sentences of a language.", valueName: "count"))
  var limit: Int?

  @Flag(help: "Lines are JSON lists of token ids, ends included.")
  var ids = false

  func validate() throws {
    guard maskFraction > 0, maskFraction <= 1 else {
      throw ValidationError(
        "--mask-fraction \(maskFraction): a share above 0 and up to 1 is needed.")
    }
    if let limit, limit < 1 {
      throw ValidationError("--limit \(limit): at least one sentence is needed.")
    }
  }

  var options: EvaluationOptions {
    var options = EvaluationOptions()
    options.masking = allPositions ? .allPositions : .fraction(maskFraction)
    options.seed = seed
    options.limit = limit
    options.readsIDs = ids
    return options
  }
}

/// Where a report goes beside the terminal.
struct ReportOutputs: ParsableArguments {
  @Flag(help: "Print JSON (Formats/report.md).")
  var json = false

  @Option(help: ArgumentHelp("Write a report with pictures, one page of HTML.", valueName: "file"))
  var html: String?

  /// Begins the files now, so that a path that cannot be written shows before the work.
  func open() throws -> OpenOutputs {
    OpenOutputs(json: json, html: try html.map { try OutputFile(path: $0) })
  }
}

/// Files of a report that are begun but not yet there.
struct OpenOutputs {
  let json: Bool
  let html: OutputFile?

  /// Writes whatever was asked for.
  func write(json value: JSONValue, html page: String) throws {
    if let html {
      try html.append(Array(page.utf8))
      try html.commit()
    }
    if json { try StandardStream.output.write(value.text(.pretty) + "\n") }
  }
}
