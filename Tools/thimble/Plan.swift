internal import ArgumentParser
internal import Thimble
internal import ThimbleArchitecture
internal import ThimbleFormat
internal import ThimbleJSON
internal import ThimbleModel
internal import ThimbleSystem

struct Plan: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows what a model will keep in memory, before it runs.",
    discussion: """
      Chunks of the file are pinned (decoded once and kept) in file order as far as the budget allows; the rest are \
      streamed (decoded again at each use). The expected times come from a short measurement of this machine.

      Examples:
        thimble plan xlm.thimble --memory 128M
        thimble plan xlm.thimble --memory 64M --tokens 1024 --json
      """)

  @Argument(help: "A .thimble file.", completion: .file(extensions: ["thimble"]))
  var file: String

  @Option(help: "The most tokens in a batch. (default: the longest sequence of the model)")
  var tokens: Int?

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var options: ModelOptions

  func validate() throws {
    if let tokens, !(1...Self.mostTokens).contains(tokens) {
      throw ValidationError("--tokens \(tokens): must be 1 to \(grouped(Self.mostTokens)).")
    }
  }

  // Activations of more would not fit into any machine.
  private static let mostTokens = 1 << 24

  func run() throws {
    try reportingFailure {
      let opened = try ModelFile(path: file)
      let (file, configuration) = (opened.file, opened.configuration)
      let run = options.run
      let plan = try MemoryPlan(
        file, configuration: configuration, budget: run.memory,
        tokens: tokens ?? configuration.maxPositions, heads: Heads.available(opened.heads),
        HeadSize(activations: run.activations), threads: run.threadCount)
      let estimate = PassEstimate(
        file, configuration: configuration, plan: plan,
        fillsMasks: opened.heads.contains(.languageModel), activations: run.activations,
        limits: try MachineLimits(threads: run.threadCount))
      try StandardStream.output.write(
        json ? jsonText(plan, estimate) : text(plan) + estimate.table.text)
      options.account()
    }
  }

  private func parts(_ plan: MemoryPlan) -> [(key: String, name: String, bytes: Int)] {
    [
      ("base", "the program itself", plan.base),
      ("vectors", "biases and layer norms", plan.vectors),
      ("scratch", "decoding buffers", plan.scratch),
      ("workspace", "activations of \(plan.maximumTokens) tokens", plan.workspace),
      ("pinned", "pinned weights", plan.pinned),
    ]
  }

  private func text(_ plan: MemoryPlan) -> String {
    var table = Table(["private memory", "at most"], [.left, .right])
    for part in parts(plan) { table.append([part.name, sizeText(part.bytes)]) }
    table.append(["in all", sizeText(plan.peak)])
    table.append(["budget", sizeText(plan.budget)])
    let share = plan.decoded > 0 ? 100 * Double(plan.pinned) / Double(plan.decoded) : 100
    return table.text
      + "\n\(grouped(plan.pinnedChunks)) of \(grouped(plan.chunks)) chunks are pinned (\(decimal(share, 1)) % of the weights); "
      + "\(sizeText(plan.decoded - plan.pinned)) are decoded at each pass.\n\n"
  }

  private func jsonText(_ plan: MemoryPlan, _ estimate: PassEstimate) -> String {
    var object = JSONObject(uniqueEntries: parts(plan).map { ($0.key, JSONValue($0.bytes)) })
    object.set("peak", to: JSONValue(plan.peak))
    object.set("budget", to: JSONValue(plan.budget))
    object.set("decoded", to: JSONValue(plan.decoded))
    object.set("pinnedChunks", to: JSONValue(plan.pinnedChunks))
    object.set("chunks", to: JSONValue(plan.chunks))
    object.set("maximumTokens", to: JSONValue(plan.maximumTokens))
    object.set("expectedMilliseconds", to: estimate.json)
    return JSONValue.object(object).text(.pretty) + "\n"
  }
}

/// What a pass of the encoder should take here: what must be decoded at the machine's decoding rate, and then the slower
/// of reading the pinned codes and multiplying. Attention comes on top, with the square of the length.
private struct PassEstimate {
  /// Passes take about so much longer than these limits: measured with `thimble bench` on the full-size model,
  /// where chunks come from memory rather than from the nearest cache.
  private static let practice = 1.4

  private let milliseconds: [(tokens: Int, encode: Double, fill: Double?)]

  init(
    _ file: ThimbleFile, configuration: ModelConfiguration, plan: MemoryPlan, fillsMasks: Bool,
    activations: ActivationPrecision, limits: MachineLimits
  ) {
    let matrices = file.tensors.filter { $0.shape.kind == .q8b64 }
    func codes(_ tensors: [TensorRecord]) -> Double {
      Double(tensors.reduce(0) { $0 + $1.shape.panelCount * 32 * $1.shape.paddedColumns })
    }
    let vocabulary = codes(matrices.filter { $0.name == TensorName.tokenEmbedding })
    let encoder = codes(matrices) - vocabulary
    // Pinning goes in file order, and the vocabulary comes last.
    let pinned = Double(plan.pinned) * 64 / 65
    let pinnedEncoder = min(pinned, encoder)
    let pinnedVocabulary = pinned - pinnedEncoder
    let terms: Double = activations == .int16 ? 2 : 1
    func seconds(_ codes: Double, pinned: Double, rows: Double) -> Double {
      (codes - pinned) / limits.decode
        + max(pinned / limits.memory, codes * rows * terms / limits.multiply)
    }
    milliseconds = [16, 128, 512].filter { $0 <= configuration.maxPositions }.map { tokens in
      let attention =
        Double(configuration.layerCount * configuration.embeddingSize * 2 * tokens * tokens)
        / (limits.multiply / 4)
      let encode = seconds(encoder, pinned: pinnedEncoder, rows: Double(tokens)) + attention
      let head = seconds(vocabulary, pinned: pinnedVocabulary, rows: 1)
      let fill = fillsMasks ? (encode + head) * 1e3 * Self.practice : nil
      return (tokens, encode * 1e3 * Self.practice, fill)
    }
  }

  var table: Table {
    var table = Table(["expected time", "encode", "fill a mask"], [.left, .right, .right])
    for row in milliseconds {
      table.append([
        "\(row.tokens) tokens", "\(decimal(row.encode, 0)) ms",
        row.fill.map { "\(decimal($0, 0)) ms" } ?? "-",
      ])
    }
    return table
  }

  var json: JSONValue {
    .array(
      milliseconds.map { row in
        .object([
          "tokens": JSONValue(row.tokens), "encode": .number(row.encode),
          "fillMask": row.fill.map { .number($0) } ?? .null,
        ])
      })
  }
}
