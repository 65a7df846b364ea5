internal import ArgumentParser
internal import Thimble
internal import ThimbleEvaluation
internal import ThimbleJSON
internal import ThimbleModel
internal import ThimbleSystem
internal import ThimbleText

struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measures what quantisation costs.",
    discussion: """
      Runs FILE and the checkpoint that it was made from on the same sentences with the same masks, and compares \
      their answers: by language, with 95 % intervals, and split into what rounding the weights, rounding the \
      activations, and both together cost. Ctrl-C ends the run with what is known so far and exit code 130.

      A text file has one sentence per line and is named after its language, as in de.txt. The language decides how \
      sentences are split, as --lang does for fill-mask. --memory limits what is kept of FILE; the comparison itself \
      needs more.

      Examples:
        thimble evaluate xlm.thimble --reference xlm-mlm-100-1280 --text sentences/
        thimble evaluate xlm.thimble --reference xlm-mlm-100-1280 --text de.txt --limit 200 --html report.html
        head -n 50 news.txt | thimble evaluate xlm.thimble --reference xlm-mlm-100-1280 --text - --lang de
        thimble evaluate xnli.thimble --reference xnli --task xnli --data xnli.test.tsv
        thimble evaluate ner.thimble --reference ner --task conll --data test-de.conll test-en.conll
        thimble evaluate squad.thimble --reference squad --task squad --data xquad.de.json
      """)

  @Argument(help: "A .thimble file.", completion: .file(extensions: ["thimble"]))
  var file: String

  @Option(
    help: ArgumentHelp("The checkpoint that FILE was made from.", valueName: "checkpoint"),
    completion: .file())
  var reference: String

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Text files, folders of LANG.txt, or - for standard input.", valueName: "path"),
    completion: .file())
  var text: [String] = []

  @OptionGroup var task: TaskOptions

  @OptionGroup var measuring: MeasuringOptions

  @Option(
    name: .customLong("lang"),
    help: ArgumentHelp(
      "The language of all text. (default: from the names of the files)", valueName: "lang"))
  var language: String?

  @Flag(help: "Measure only FILE as it runs, without the split into weights and activations.")
  var noSplit = false

  @OptionGroup var outputs: ReportOutputs

  @OptionGroup var options: ModelOptions

  func validate() throws {
    if task.task != nil {
      guard text.isEmpty else {
        throw ValidationError("--task takes examples from --data, not from --text.")
      }
      if noSplit { throw ValidationError("--no-split needs --text: a task has no such split.") }
      if let name = measuring.namesOfMasking.first {
        throw ValidationError("\(name) needs --text: in a task nothing is masked.")
      }
      if measuring.ids, let kind = task.task, kind != .sts {
        throw ValidationError("--ids needs --text or --task sts: \(kind.rawValue) has texts only.")
      }
    } else if text.isEmpty {
      throw ValidationError(
        "give --text PATH, sentences to measure on, or --task with --data.")
    }
  }

  func run() throws {
    try reportingFailure {
      Interruption.watch()
      let files = try outputs.open()
      if let kind = task.task {
        try run(kind, files)
      } else {
        try runText(files)
      }
      options.account()
      try Interruption.exitIfRequested()
    }
  }

  private func runText(_ files: OpenOutputs) throws {
    let pair = try ModelPair(file: file, reference: reference, run: options.run)
    let sentences = try EvaluationText(paths: text, language: language)
    warn(about: sentences, pair.tokenizer, readsIDs: measuring.ids)
    let evaluator = try pair.evaluator(
      pair.candidates(noSplit ? [.both] : LossPart.allCases), measuring.options)
    let evaluation = try evaluated(sentences, by: evaluator, "Evaluating")
    warn(about: evaluation)
    var progress: Progress?
    let report = try EvaluationReport(
      evaluation, of: pair,
      progress: { done, total in
        progress = progress ?? Progress("Comparing weights", unit: .items("matrices"), total: total)
        progress?.update(done)
      }, isInterrupted: { Interruption.isRequested })
    progress?.finish()
    try files.write(json: report.json, html: report.html)
    if !outputs.json { try StandardStream.output.write(report.text) }
  }

  /// Runs a task with labels on both models.
  private func run(_ kind: TaskReport.Task, _ files: OpenOutputs) throws {
    var plain = options.run
    plain.activations = .int8
    let head: any Head.Type =
      switch kind {
      case .xnli: SequenceClassifier.self
      case .sts: SentencePooling.self
      case .conll: TokenClassifier.self
      case .squad: QuestionAnswering.self
      }
    let source = try openSource(file, options.run, heads: [head])
    // As of sentences: the checkpoint is run as the file is.
    plain.isCausal = source.isCausal
    var runner = TaskRunner(
      file: source, reference: try openSource(reference, plain, heads: [head]))
    runner.textOptions = task.text
    runner.textOptions.language = language
    runner.isInterrupted = { Interruption.isRequested }
    runner.warn = { warn($0) }
    var progress: Progress?
    runner.progress = { done, total in
      progress = progress ?? Progress("Evaluating", unit: .items("examples"), total: total)
      progress?.update(done)
    }
    let report =
      switch kind {
      case .xnli:
        try runner.run(
          InferenceTask(paths: task.data, limit: measuring.limit), order: task.labels)
      case .sts:
        try runner.run(
          SimilarityTask(paths: task.data, limit: measuring.limit),
          pooling: task.pooling ?? .mean, readsIDs: measuring.ids)
      case .conll:
        try runner.run(TaggingTask(paths: task.data, limit: measuring.limit))
      case .squad:
        try runner.run(AnsweringTask(paths: task.data, limit: measuring.limit))
      }
    progress?.finish()
    if report.cutTexts > 0 {
      warn("\(grouped(report.cutTexts)) texts were too long and were cut.")
    }
    try files.write(json: report.json, html: report.html)
    if !outputs.json { try StandardStream.output.write(report.text) }
  }
}

/// Warns about languages whose texts are not split as they should be.
func warn(about text: EvaluationText, _ tables: TokenizerTables?, readsIDs: Bool) {
  guard !readsIDs, let tables else { return }
  for warning in text.warnings(for: tables) { warn(warning) }
}

/// Says what of the text did not count.
func warn(about evaluation: Evaluation) {
  if evaluation.cutSentences > 0 {
    warn("\(grouped(evaluation.cutSentences)) sentences were too long and were cut.")
  }
  if evaluation.skippedSentences > 0 {
    warn(
      "\(grouped(evaluation.skippedSentences)) sentences had no token that can be masked and are not counted."
    )
  }
}

/// Runs `evaluator` with a line of progress, until a signal comes.
func evaluated(
  _ text: EvaluationText, by evaluator: Evaluator, _ title: String
) throws -> Evaluation {
  var progress: Progress?
  defer { progress?.finish() }
  return try evaluator.run(
    text,
    progress: { done, total in
      progress = progress ?? Progress(title, unit: .items("sentences"), total: total)
      progress?.update(done)
    }, isInterrupted: { Interruption.isRequested })
}
