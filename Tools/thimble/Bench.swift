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
      Times whole passes of the encoder for texts of several lengths, with weights streamed, half pinned and pinned, and \
      filling one mask. Each figure is the median of repetitions after a warm-up, the fastest stands beside it.

      Example:
        thimble bench xlm.thimble --tokens 16,128 --seconds 2
      """)

  @Argument(help: "A .thimble file.")
  var file: String

  @Option(
    help: ArgumentHelp("Lengths of the texts.", valueName: "n,n"), transform: Bench.lengths)
  var tokens = [8, 16, 32, 64, 128, 256, 512]

  @Option(help: ArgumentHelp("Texts in the packed batch; 0 for none.", valueName: "n"))
  var batch = 32

  @Option(
    help: ArgumentHelp("streamed, half, pinned.", valueName: "mode,mode"), transform: Bench.modes)
  var modes = Mode.allCases

  @Option(help: "Seconds to measure each figure for.")
  var seconds = 1.0

  @Option(help: ArgumentHelp("Measure so many passes for each figure instead.", valueName: "n"))
  var passes: Int?

  @Option(help: "Threads. (default: the processors that this process may use)")
  var threads: Int?

  @Option(
    help: "int8, or int16 for less error at twice the multiplications.")
  var activations = ActivationPrecision.int8

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    if let passes, passes < 1 { throw ValidationError("--passes \(passes): at least 1.") }
  }

  enum Mode: String, CaseIterable { case streamed, half, pinned }

  private static func lengths(_ text: String) throws -> [Int] {
    try text.split(separator: ",").map {
      guard let length = Int($0), length >= 1 else {
        throw ValidationError("--tokens \(text): numbers are wanted, as in 16,128.")
      }
      return length
    }
  }

  private static func modes(_ text: String) throws -> [Mode] {
    try text.split(separator: ",").map {
      guard let mode = Mode(rawValue: String($0)) else {
        throw ValidationError("--modes \(text): there are streamed, half and pinned.")
      }
      return mode
    }
  }

  func run() throws {
    try reportingFailure {
      let threads = max(threads ?? ComputePool.usableProcessors(), 1)
      let limits = try MachineLimits(threads: threads)
      var rows: [Measurement] = []
      for mode in modes { rows += try measure(mode, threads: threads) }
      try StandardStream.output.write(
        json
          ? JSONValue.object([
            "file": .string(file), "threads": JSONValue(threads), "limits": limits.json,
            "figures": .array(rows.map(\.json)),
          ]).text(.pretty) + "\n"
          : limits.text + "\n" + table(rows).text)
    }
  }

  private func measure(_ mode: Mode, threads: Int) throws -> [Measurement] {
    var run = RunOptions(
      memory: .bytes(try budget(mode, threads: threads)), threads: threads,
      isa: environment("THIMBLE_ISA"), maximumTokens: max(tokens.max() ?? 512, batch * 32))
    run.activations = activations
    let model = try LanguageModel(path: file, options: run)
    let meter = try PassMeter(workers: threads)
    model.masked.encoder.meter = meter
    var rows: [Measurement] = []
    func measured(_ what: String, sequences: Int, length: Int, withHead: Bool = false) throws {
      let batch = try Batch(maximumTokens: sequences * length)
      for sequence in 0..<sequences {
        try batch.append(text(length, seed: sequence, model.configuration))
      }
      rows.append(
        try Measurement(
          mode: mode.rawValue, what: what, tokens: batch.tokenCount, meter: meter, seconds: seconds,
          passes: passes
        ) {
          if withHead {
            try model.masked.score(batch, at: [1]) { _, logits in _ = logits.top(5) }
          } else {
            try model.masked.encoder.encode(batch)
          }
        })
    }
    for length in tokens where length <= model.configuration.maxPositions {
      try measured("encode \(length)", sequences: 1, length: length)
    }
    if batch > 0 { try measured("encode \(batch) × 32", sequences: batch, length: 32) }
    for length in tokens where length == 16 || length == 128 {
      try measured("fill-mask \(length)", sequences: 1, length: length, withHead: true)
    }
    return rows
  }

  /// The budget with which nothing, half or all of the weights is pinned.
  private func budget(_ mode: Mode, threads: Int) throws -> Int {
    let opened = try ModelFile(path: file)
    let plan = try MemoryPlan(
      opened.file, configuration: opened.configuration, budget: .bytes(1 << 40),
      tokens: max(tokens.max() ?? 512, batch * 32), withHead: true, activations: activations,
      threads: threads)
    // The models that were measured before are gone, but the allocator may have kept pages.
    let fixed = plan.peak - plan.pinned + (1 << 20)
    switch mode {
    case .streamed: return fixed
    case .half: return fixed + plan.decoded / 2
    case .pinned: return fixed + plan.decoded
    }
  }

  /// Token ids that spread over the vocabulary as words of a text do, between two ends.
  private func text(_ length: Int, seed: Int, _ configuration: XLMConfiguration) -> [Int32] {
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
