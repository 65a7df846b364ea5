public import Thimble
internal import ThimbleJSON
public import ThimbleModel
internal import ThimbleSystem

/// Runs a task with labels on a file and on its reference.
public struct TaskRunner {
  public var textOptions = TextOptions()
  /// Called now and then with the examples done and those there are.
  public var progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  public var isInterrupted: () -> Bool = { false }
  private let file: ModelSource
  private let reference: ModelSource

  /// Examples that go through both models at a time.
  private static let groupSize = 64

  public init(file: ModelSource, reference: ModelSource) {
    self.file = file
    self.reference = reference
  }

  /// Accuracy by language.
  ///
  /// - Parameter order: of the head's classes; nil: as its labels are named.
  public func run(_ task: InferenceTask, order: LabelOrder?) throws -> TaskReport {
    let start = monotonicSeconds()
    let models = (
      reference: try TextClassifier(reference), file: try TextClassifier(file)
    )
    let labels = models.reference.labels
    guard labels.count == InferenceTask.classes.count else {
      throw EvaluationError.classes(
        path: reference.path, found: labels, expected: InferenceTask.classes)
    }
    let classes =
      try order?.classes ?? LabelOrder.classes(of: labels, path: reference.path)
    var tallies = OrderedTallies<ClassTally>()
    let isComplete = try forGroups(of: task.examples) { group in
      func answers(_ model: TextClassifier) throws -> [Int] {
        let inputs = try group.map { example in
          var options = textOptions
          options.language = options.language ?? example.language
          return try model.sequences.input(
            example.premise, pairedWith: example.hypothesis, options)
        }
        return try model.logits(inputs).map { logits in
          classes[logits.indices.max { logits[$0] < logits[$1] } ?? 0]
        }
      }
      let (own, others) = (try answers(models.reference), try answers(models.file))
      for (index, example) in group.enumerated() {
        tallies[example.language].add(
          label: example.label, reference: own[index], file: others[index])
      }
    }
    var all = ClassTally()
    for (_, tally) in tallies.entries { all.add(tally) }
    return TaskReport(
      task: .xnli, filePath: file.path, activations: file.activations,
      referencePath: reference.path,
      languages: tallies.entries.map { $1.result($0) }, overall: all.result("in all"),
      isComplete: isComplete, seconds: monotonicSeconds() - start)
  }

  /// Spearman's correlation of the cosine of sentence vectors with people's scores, by language.
  ///
  /// - Parameter readsIDs: whether sentences are JSON lists of token ids, ends included.
  public func run(
    _ task: SimilarityTask, pooling: Pooling, readsIDs: Bool
  ) throws -> TaskReport {
    let start = monotonicSeconds()
    let models = (
      reference: try SentenceEmbedder(reference, pooling: pooling),
      file: try SentenceEmbedder(file, pooling: pooling)
    )
    var tallies = OrderedTallies<SimilarityTally>()
    let isComplete = try forGroups(of: task.examples) { group in
      func vectors(_ model: SentenceEmbedder) throws -> [[Double]] {
        let inputs = try group.flatMap { example in
          try [example.first, example.second].map {
            try input($0, of: example, model.sequences, readsIDs: readsIDs)
          }
        }
        return try model.embed(inputs, normalized: false).map { $0.map(Double.init) }
      }
      let (own, others) = (try vectors(models.reference), try vectors(models.file))
      for (index, example) in group.enumerated() {
        let (first, second) = (2 * index, 2 * index + 1)
        tallies[example.language].add(
          score: example.score, reference: cosine(own[first], own[second]),
          file: cosine(others[first], others[second]),
          fidelity: [cosine(own[first], others[first]), cosine(own[second], others[second])])
      }
    }
    let results = tallies.entries.map { $1.result($0) }
    let fidelity = tallies.entries.flatMap { $1.fidelity }
    func mean(_ value: (TaskReport.Result) -> Double) -> Double {
      results.reduce(0) { $0 + value($1) } / Double(max(results.count, 1))
    }
    return TaskReport(
      task: .sts, filePath: file.path, activations: file.activations,
      referencePath: reference.path, languages: results,
      overall: .init(
        name: "mean", examples: results.reduce(0) { $0 + $1.examples },
        reference: mean(\.reference), file: mean(\.file), difference: nil, agreement: nil,
        cosine: .init(fidelity)), isComplete: isComplete, seconds: monotonicSeconds() - start)
  }

  private func input(
    _ text: String, of example: SimilarityTask.Example, _ sequences: SequenceEncoder, readsIDs: Bool
  ) throws -> SequenceInput {
    guard readsIDs else {
      var options = textOptions
      options.language = options.language ?? example.language
      return try sequences.input(text, options)
    }
    let values = (try? JSONValue(parsing: Array(text.utf8)))?.array ?? []
    let ids = values.compactMap(\.int)
    guard !ids.isEmpty, ids.count == values.count else {
      throw EvaluationError.line(
        path: example.path, number: example.number,
        reason: "\"\(text)\" is not a JSON list of token ids, such as [1, 52, 1].")
    }
    return try sequences.input(ids: ids)
  }

  /// - Returns: whether all examples were done.
  private func forGroups<Example>(
    of examples: [Example], _ body: (ArraySlice<Example>) throws -> Void
  ) throws -> Bool {
    for start in stride(from: 0, to: examples.count, by: Self.groupSize) {
      if start > 0, isInterrupted() { return false }
      try body(examples[start..<min(start + Self.groupSize, examples.count)])
      progress(min(start + Self.groupSize, examples.count), examples.count)
    }
    return true
  }
}

/// Tallies by language, in the order in which languages come.
private struct OrderedTallies<Tally: TallyOfTask> {
  private(set) var entries: [(name: String, tally: Tally)] = []

  subscript(name: String) -> Tally {
    get { entries.first { $0.name == name }?.tally ?? Tally() }
    set {
      if let place = entries.firstIndex(where: { $0.name == name }) {
        entries[place].tally = newValue
      } else {
        entries.append((name, newValue))
      }
    }
  }
}

private protocol TallyOfTask { init() }

private struct ClassTally: TallyOfTask {
  private var correct = 0
  private var agreeing = 0
  private var difference = ClusteredMean()

  mutating func add(label: Int, reference: Int, file: Int) {
    if reference == label { correct += 1 }
    if reference == file { agreeing += 1 }
    difference.add(
      (file == label ? 1 : 0) - (reference == label ? 1 : 0), cluster: difference.count)
  }

  mutating func add(_ other: ClassTally) {
    correct += other.correct
    agreeing += other.agreeing
    difference.add(other.difference)
  }

  func result(_ name: String) -> TaskReport.Result {
    let count = Double(difference.count)
    return .init(
      name: name, examples: difference.count, reference: Double(correct) / count,
      file: Double(correct) / count + difference.mean, difference: difference.estimate,
      agreement: Double(agreeing) / count, cosine: nil)
  }
}

private struct SimilarityTally: TallyOfTask {
  private var scores: [Double] = []
  private var reference: [Double] = []
  private var file: [Double] = []
  private(set) var fidelity: [Float] = []

  mutating func add(score: Double, reference: Double, file: Double, fidelity: [Double]) {
    scores.append(score)
    self.reference.append(reference)
    self.file.append(file)
    self.fidelity += fidelity.map { Float($0) }
  }

  func result(_ name: String) -> TaskReport.Result {
    .init(
      name: name, examples: scores.count, reference: spearman(scores, reference),
      file: spearman(scores, file), difference: nil, agreement: nil, cosine: .init(fidelity))
  }
}
