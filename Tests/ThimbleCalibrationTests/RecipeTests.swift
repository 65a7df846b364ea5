import Testing
import ThimbleArchitecture
import ThimbleCalibration
import ThimbleConvert
import ThimbleEvaluation
import ThimbleImport
import ThimbleRounding
import ThimbleSystem
import ThimbleTestSupport

@Suite("The recipe of a calibration")
struct RecipeTests {
  private let texts = TemporaryFolder()
  /// Where files are tried.
  private let trials = TemporaryFolder()

  /// A text of token ids, with `lines` at its end.
  private func ids(_ lines: String...) throws -> CalibrationMaterial {
    var random = SeededRandom(seed: 7)
    var text = (0..<8).map { _ in
      let ids = (0..<12).map { _ in Int.random(in: 10..<400, using: &random) }
      return "[1, \(ids.map(String.init).joined(separator: ", ")), 1]"
    }
    text += lines
    let path = try texts.write(Array(text.joined(separator: "\n").utf8), to: "en.txt")
    return .text(paths: [path], holdsIDs: true)
  }

  private func recipe(
    _ model: RandomCheckpoint, _ material: CalibrationMaterial, limit: Double? = nil,
    folder: String? = nil
  ) -> CalibrationRecipe {
    CalibrationRecipe(
      model.checkpoint, model.source, material: material, rate: .quality(.balanced),
      divergenceLimit: limit, beside: folder ?? trials("model.thimble"), threadCount: 2,
      kernels: .best)
  }

  /// What a run of a recipe told.
  private final class Log {
    var stages: [CalibrationStage] = []
    /// One a stage.
    var progress: [[Double]] = []
    var trials: [CalibrationTrial] = []
    var namesSeen: Set<String> = []

    func add(_ event: CalibrationEvent, _ folder: TemporaryFolder) {
      namesSeen.formUnion(folder.names)
      switch event {
      case .stage(let stage):
        stages.append(stage)
        progress.append([])
      case .progress(let share): progress[progress.count - 1].append(share)
      case .trial(let trial): trials.append(trial)
      case .warning(let text): Issue.record("\(text)")
      }
    }
  }

  @Test(
    "finds the smallest file that keeps to the limit; its stages come in order, and none goes back")
  func search() throws {
    let model = try RandomCheckpoint()
    let material = try ids()
    let first = Log()
    let loose = recipe(model, material, limit: 100)
    // Such a small model has no file of 2.5 bits per weight: the search ends at the least there is.
    let coarsest = try loose.run { first.add($0, trials) }
    #expect(coarsest.rate == .bits(first.trials.map(\.bitsPerWeight).min() ?? 0))
    #expect(first.trials.first?.bitsPerWeight == 7.5)

    // The divergence of a file in the middle is a limit that it keeps to and a coarser one does not.
    let limit = first.trials[2].divergence
    let log = Log()
    let strict = recipe(model, material, limit: limit)
    let result = try strict.run { log.add($0, trials) }
    let good = log.trials.filter { $0.divergence <= limit }
    #expect(result.rate == .bits(good.map(\.bitsPerWeight).min() ?? 0))
    guard case .bits(let bits) = result.rate else {
      Issue.record("\(result.rate)")
      return
    }
    #expect(bits <= first.trials[2].bitsPerWeight)
    #expect(log.trials.contains { $0.divergence > limit && bits - $0.bitsPerWeight <= 0.05 })
    #expect(log.trials.prefix(3) == first.trials.prefix(3))

    #expect(strict.stages == [.reading, .calibrating, .measuring, .searching])
    #expect(log.stages == strict.stages)
    for (stage, progress) in zip(log.stages, log.progress) {
      #expect(progress == progress.sorted(), "\(stage)")
      #expect(progress.allSatisfy { (0...1).contains($0) }, "\(stage)")
    }
    #expect(log.progress.allSatisfy { $0.last == 1 })
    #expect(log.progress[3].count == log.trials.count + 1)
    // While they are used, files have lost their names.
    #expect(log.namesSeen.isEmpty && trials.names.isEmpty)
  }

  @Test("learns the rounding of every matrix, and its cost where something shows it")
  func guides() throws {
    for (heads, costs) in [([.languageModel], false), ([], true)] as [([HeadKind], Bool)] {
      let model = try RandomCheckpoint(heads: heads)
      let log = Log()
      let recipe = recipe(model, .randomTokens)
      let result = try recipe.run { log.add($0, trials) }
      #expect(result.rate == .quality(.balanced))
      #expect(log.stages == recipe.stages)
      #expect(recipe.stages == (costs ? [.calibrating, .measuring] : [.calibrating]))
      #expect(result.guide.costs.isEmpty != costs)
      #expect(result.guide["transformer.attentions.0.q_lin.weight"] != nil)
      #expect(result.guide.columnFactors.count == 3 + heads.count)
    }
    #expect(trials.names.isEmpty)
  }

  @Test("a trial that fails leaves nothing behind and tells why")
  func failures() throws {
    let model = try RandomCheckpoint()
    // Only the second half, on which the limit is measured, has an id that the vocabulary lacks.
    let log = Log()
    let error = try #require(throws: EvaluationError.self) {
      try recipe(model, try ids("[1, 20, 1]", "[1, 90000, 1]"), limit: 1).run {
        log.add($0, trials)
      }
    }
    guard case .line(_, 10, _) = error else {
      Issue.record("\(error)")
      return
    }
    #expect(log.stages.last == .searching && log.trials.isEmpty)
    #expect(trials.names.isEmpty)

    #expect(throws: CalibrationError.self) {
      try recipe(model, try ids(), limit: 1e-12).run()
    }
    #expect(trials.names.isEmpty)

    #expect(throws: ConvertError.self) {
      try recipe(model, try ids(), folder: trials("none/model.thimble")).run()
    }
  }

  @Test("text needs a vocabulary, ids do not")
  func noVocabulary() throws {
    let model = try RandomCheckpoint()
    guard case .text(let paths, _) = try ids() else {
      Issue.record("no text")
      return
    }
    let error = try #require(throws: EvaluationError.self) {
      try recipe(model, .text(paths: paths)).run()
    }
    guard case .noTokenizer = error else {
      Issue.record("\(error)")
      return
    }
  }
}
