internal import ArgumentParser
internal import Thimble
internal import ThimbleArchitecture
internal import ThimbleFormat
internal import ThimbleJSON
internal import ThimbleModel
internal import ThimbleOps
internal import ThimbleSystem

struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measures how fast a model runs, and where the time goes.",
    discussion: """
      Times whole passes of the encoder for texts of several lengths, with weights streamed (decoded at each use), \
      half pinned and pinned (decoded once and kept). At 16 and 128 tokens it also times filling one mask, if the model \
      does that. Each figure \
      is the median of repetitions after a warm-up, with the fastest beside it. Ctrl-C ends the run with what has been \
      measured and exit code 130.

      Examples:
        thimble bench xlm.thimble
        thimble bench xlm.thimble --tokens 16,128 --seconds 2 --modes pinned
      """)

  @Argument(help: "A .thimble file.", completion: .file(extensions: ["thimble"]))
  var file: String

  @Option(
    help: ArgumentHelp(
      "Lengths of the texts. (default: 8,16,32,64,128,256,512, as far as the model has positions)",
      valueName: "n,n"), transform: Bench.lengths)
  var tokens: [Int]?

  @Option(
    help: ArgumentHelp(
      "How many texts of 32 tokens the packed batch has; 0 for no batch.", valueName: "n"))
  var batch = 32

  @Option(
    help: ArgumentHelp(
      "How weights are held: streamed, half, pinned. (default: all three)", valueName: "mode,mode"),
    transform: Bench.modes)
  var modes: [Mode]?

  @Option(help: "How many seconds to measure each figure. (default: 1)")
  var seconds: Double?

  @Option(
    help: ArgumentHelp(
      "How many passes to measure for each figure, instead of --seconds.", valueName: "n"))
  var passes: Int?

  @OptionGroup var threading: ThreadOptions

  @Option(
    help: "int8, or int16 for less error at twice the multiplications.")
  var activations = ActivationPrecision.int8

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    if let passes, !(1...1_000_000).contains(passes) {
      throw ValidationError("--passes \(passes): must be 1 to 1,000,000.")
    }
    if let seconds {
      guard seconds >= 0, seconds <= 86_400 else {
        throw ValidationError("--seconds \(seconds): must be 0 to 86,400.")
      }
      if passes != nil { throw ValidationError("--seconds and --passes exclude each other.") }
    }
    guard (0...4096).contains(batch) else {
      throw ValidationError("--batch \(batch): must be 0 to 4096.")
    }
  }

  enum Mode: String, CaseIterable { case streamed, half, pinned }

  private static func lengths(_ text: String) throws -> [Int] {
    try text.split(separator: ",", omittingEmptySubsequences: false).map {
      guard let length = Int($0), length >= 1 else {
        throw ValidationError("--tokens \(text): must be numbers, as in 16,128.")
      }
      return length
    }
  }

  private static func modes(_ text: String) throws -> [Mode] {
    try text.split(separator: ",", omittingEmptySubsequences: false).map {
      guard let mode = Mode(rawValue: String($0)) else {
        throw ValidationError("--modes \(text): must be streamed, half or pinned.")
      }
      return mode
    }
  }

  func run() throws {
    try reportingFailure {
      Interruption.watch()
      let threads = threading.count
      let opened = try ModelFile(path: file)
      let longest = opened.configuration.maxPositions
      let tasks = tasks(
        try wantedLengths(longest), longest: longest,
        fillsMasks: opened.heads.contains(.languageModel))
      let limits = try MachineLimits(threads: threads)
      let modes = modes ?? Mode.allCases
      var rows: [Measurement] = []
      var progress = Progress(
        "Measuring", unit: .items("figures"), total: modes.count * tasks.count)
      for mode in modes where !Interruption.isRequested {
        try measure(mode, tasks, threads: threads) {
          rows.append($0)
          progress.update(rows.count)
        }
      }
      progress.finish()
      try StandardStream.output.write(
        json
          ? JSONValue.object([
            "file": .string(file), "threads": JSONValue(threads), "limits": limits.json,
            "figures": .array(rows.map(\.json)),
          ]).text(.pretty) + "\n"
          : limits.text + "\n" + table(rows).text)
      try Interruption.exitIfRequested()
    }
  }

  /// The lengths to measure.
  ///
  /// - Throws: `ValidationError` for one that was asked for and that the model does not have.
  private func wantedLengths(_ longest: Int) throws -> [Int] {
    guard let tokens else { return [8, 16, 32, 64, 128, 256, 512].filter { $0 <= longest } }
    if let length = tokens.first(where: { $0 > longest }) {
      throw ValidationError(
        "--tokens \(length): \(file.printable()) takes texts of at most \(longest) tokens.")
    }
    return tokens
  }

  private func tasks(_ lengths: [Int], longest: Int, fillsMasks: Bool) -> [BenchTask] {
    let packed = min(32, longest)
    let batches =
      batch > 0
      ? [BenchTask(name: "encode \(batch) × \(packed)", sequences: batch, length: packed)] : []
    return lengths.map { BenchTask(name: "encode \($0)", length: $0) } + batches
      + lengths.filter { fillsMasks && ($0 == 16 || $0 == 128) }
      .map { BenchTask(name: "fill-mask \($0)", length: $0, fillsMask: true) }
  }

  private func measure(
    _ mode: Mode, _ tasks: [BenchTask], threads: Int, _ report: (Measurement) -> Void
  ) throws {
    let maximumTokens = tasks.map { $0.sequences * $0.length }.max() ?? 512
    var run = RunOptions(
      memory: .bytes(try budget(mode, maximumTokens, threads: threads)), threads: threads,
      isa: environment("THIMBLE_ISA"), maximumTokens: maximumTokens)
    run.activations = activations
    let model = try Session(.file(file, options: run))
    let meter = try PassMeter(workers: threads)
    model.encoder.meter = meter
    let head = model.head(MaskedLanguageModel.self)
    for task in tasks where !Interruption.isRequested {
      let batch = try Batch(maximumTokens: task.sequences * task.length)
      for sequence in 0..<task.sequences {
        try batch.append(text(task.length, seed: sequence, model.configuration))
      }
      report(
        try Measurement(
          mode: mode.rawValue, what: task.name, tokens: batch.tokenCount, meter: meter,
          seconds: seconds ?? 1, passes: passes
        ) {
          if task.fillsMask {
            try head?.score(batch, at: [1]) { _, logits in _ = logits.top(5) }
          } else {
            try model.encoder.encode(batch)
          }
        })
    }
  }

  /// The budget with which nothing, half or all of the weights is pinned.
  private func budget(_ mode: Mode, _ maximumTokens: Int, threads: Int) throws -> Int {
    let opened = try ModelFile(path: file)
    let plan = try MemoryPlan(
      opened.file, configuration: opened.configuration, budget: .bytes(1 << 40),
      tokens: maximumTokens, heads: Heads.available(opened.heads),
      HeadSize(activations: activations), threads: threads)
    // The models that were measured before are gone, but the allocator may have kept pages.
    let fixed = plan.peak - plan.pinned + (1 << 20)
    switch mode {
    case .streamed: return fixed
    case .half: return fixed + plan.decoded / 2
    case .pinned: return fixed + plan.decoded
    }
  }

  /// Token ids that spread over the vocabulary as words of a text do, between two ends.
  private func text(_ length: Int, seed: Int, _ configuration: ModelConfiguration) -> [Int32] {
    let end = Int32(configuration.specialIDs.end)
    guard length > 2 else { return [Int32](repeating: end, count: length) }
    let inner = (1...length - 2).map { position in
      Int32((position * 7919 + seed * 104_729 + 14) % configuration.vocabularySize)
    }
    return [end] + inner + [end]
  }

  private func table(_ rows: [Measurement]) -> Table {
    var table = Table(
      ["weights", "task", "ms", "fastest", "tokens/s", "decode", "matmul", "attention", "other"],
      [.left, .left, .right, .right, .right, .right, .right, .right, .right])
    for row in rows { table.append(row.cells) }
    return table
  }
}

/// Something whose time is measured.
private struct BenchTask {
  let name: String
  var sequences = 1
  /// Tokens of each.
  let length: Int
  var fillsMask = false
}

/// The time of one task, repeated.
private struct Measurement {
  let mode: String
  let what: String
  let tokens: Int
  let median: Double
  let fastest: Double
  let shares: [Double]

  init(
    mode: String, what: String, tokens: Int, meter: PassMeter, seconds: Double, passes: Int?,
    _ pass: () throws -> Void
  ) throws {
    (self.mode, self.what, self.tokens) = (mode, what, tokens)
    try pass()
    meter.reset()
    var times: [Double] = []
    times.reserveCapacity(passes ?? 1000)
    let start = monotonicSeconds()
    repeat {
      let begun = monotonicSeconds()
      try pass()
      times.append(monotonicSeconds() - begun)
    } while passes.map { times.count < $0 }
      ?? (monotonicSeconds() - start < seconds || times.count < 3)
    times.sort()
    median = times[times.count / 2]
    fastest = times[0]
    let total = times.reduce(0, +)
    shares = PassMeter.Stage.allCases.map { meter.seconds($0) / total }
  }

  var cells: [String] {
    [
      mode, what, decimal(median * 1e3, 1), decimal(fastest * 1e3, 1),
      decimal(Double(tokens) / median, 0),
    ] + shares.map { decimal($0 * 100, 0) + " %" }
  }

  var json: JSONValue {
    var object: JSONObject = [
      "weights": .string(mode), "task": .string(what), "tokens": JSONValue(tokens),
      "milliseconds": .number(median * 1e3), "fastestMilliseconds": .number(fastest * 1e3),
    ]
    for stage in PassMeter.Stage.allCases {
      object.set("\(stage)Share", to: .number(shares[stage.rawValue]))
    }
    return .object(object)
  }
}
