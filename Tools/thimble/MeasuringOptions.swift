internal import ArgumentParser
internal import ThimbleEvaluation
internal import ThimbleJSON
internal import ThimbleSystem

/// What sentences are masked, and how many are read.
struct MeasuringOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("The share of tokens to mask. (default: 0.15)", valueName: "share"))
  var maskFraction: Double?

  @Flag(
    help: "Mask each token in turn, alone (pseudo-log-likelihood). Takes a pass for each token.")
  var allPositions = false

  @Option(help: "The number that masks are drawn from; another one draws other masks. (default: 1)")
  var seed: UInt64?

  @Option(help: ArgumentHelp("The most sentences to read of each language.", valueName: "count"))
  var limit: Int?

  @Flag(help: "Lines are JSON lists of token ids, ends included.")
  var ids = false

  /// The options given that say what is masked.
  var namesOfMasking: [String] {
    [
      ("--mask-fraction", maskFraction != nil), ("--all-positions", allPositions),
      ("--seed", seed != nil),
    ].filter(\.1).map(\.0)
  }

  func validate() throws {
    if let maskFraction, !(maskFraction > 0 && maskFraction <= 1) {
      throw ValidationError(
        "--mask-fraction \(maskFraction): must be above 0 and at most 1.")
    }
    if allPositions, let name = namesOfMasking.first(where: { $0 != "--all-positions" }) {
      throw ValidationError(
        "\(name) and --all-positions exclude each other: every token is masked.")
    }
    if let limit, limit < 1 {
      throw ValidationError("--limit \(limit): must be at least 1.")
    }
  }

  var options: EvaluationOptions {
    var options = EvaluationOptions()
    options.masking = allPositions ? .allPositions : .fraction(maskFraction ?? 0.15)
    options.seed = seed ?? options.seed
    options.limit = limit
    options.readsIDs = ids
    return options
  }
}

/// Where a report goes beside the terminal.
struct ReportOutputs: ParsableArguments {
  @Flag(help: "Print JSON (Formats/report.md).")
  var json = false

  @Option(
    help: ArgumentHelp("Write a report with charts, as one HTML page.", valueName: "file"),
    completion: .file(extensions: ["html"]))
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
