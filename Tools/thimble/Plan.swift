internal import ArgumentParser
internal import Thimble
internal import ThimbleArchitecture
internal import ThimbleFormat
internal import ThimbleJSON
internal import ThimbleModel
internal import ThimbleSystem

struct Plan: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Says what a model will keep in memory, before it runs.",
    discussion: """
      Chunks of the file are pinned (decoded once and kept) in file order as far as the budget goes; the rest is \
      streamed (decoded again at each use).

      Example:
        thimble plan xlm.thimble --memory 128M
      """)

  @Argument(help: "A .thimble file.")
  var file: String

  @Option(help: "The most tokens of a batch. (default: the longest sequence of the model)")
  var tokens: Int?

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var options: ModelOptions

  func run() throws {
    try reportingFailure {
      let file = try ThimbleFile(path: file)
      let configuration = try FileWeights.configuration(of: file)
      let run = options.run
      let plan = try MemoryPlan(
        file, configuration: configuration, budget: run.memory,
        tokens: tokens ?? configuration.maxPositions, withHead: true, threads: run.threadCount)
      try StandardStream.output.write(json ? jsonText(plan) : text(plan))
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
      + "\(sizeText(plan.decoded - plan.pinned)) are decoded at each pass.\n"
  }

  private func jsonText(_ plan: MemoryPlan) -> String {
    var object = JSONObject(uniqueEntries: parts(plan).map { ($0.key, JSONValue($0.bytes)) })
    object.set("peak", to: JSONValue(plan.peak))
    object.set("budget", to: JSONValue(plan.budget))
    object.set("decoded", to: JSONValue(plan.decoded))
    object.set("pinnedChunks", to: JSONValue(plan.pinnedChunks))
    object.set("chunks", to: JSONValue(plan.chunks))
    object.set("maximumTokens", to: JSONValue(plan.maximumTokens))
    return JSONValue.object(object).text(.pretty) + "\n"
  }
}
