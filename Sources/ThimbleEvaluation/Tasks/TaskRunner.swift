public import Thimble
internal import ThimbleArchitecture
internal import ThimbleJSON
public import ThimbleModel
internal import ThimbleSystem

/// Runs a task with labels on a file and on its reference.
public struct TaskRunner {
  public var textOptions = TextOptions()
  /// Called now and then with the examples done and those there are.
  public var progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  public var isInterrupted: () -> Bool = { false }
  /// Called with what a user should know about how texts are read, once for each cause.
  public var warn: (String) -> Void = { _ in }
  let file: ModelSource
  let reference: ModelSource

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
    var texts = TaskTexts(
      textOptions, models.reference.texts.text, task.examples.map(\.language),
      readsIDs: false, warn)
    var tallies = OrderedTallies<ClassTally>()
    let isComplete = try forGroups(of: task.examples) { group in
      let inputs = try group.map { example in
        try texts.input(
          example.premise, pairedWith: example.hypothesis, in: example.language,
          with: models.reference.texts)
      }
      func answers(_ model: TextClassifier, path: String) throws -> [Int] {
        try zip(model.logits(inputs), group).map { logits, example in
          guard logits.allSatisfy(\.isFinite) else {
            throw EvaluationError.notANumber(
              model: path, path: example.path, number: example.number)
          }
          return classes[logits.indices.max { logits[$0] < logits[$1] } ?? 0]
        }
      }
      let own = try answers(models.reference, path: reference.path)
      let others = try answers(models.file, path: file.path)
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
      cutTexts: texts.cutCount, isComplete: isComplete, seconds: monotonicSeconds() - start)
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
    var texts = TaskTexts(
      textOptions, models.reference.texts.text, task.examples.map(\.language),
      readsIDs: readsIDs, warn)
    var tallies = OrderedTallies<SimilarityTally>()
    let isComplete = try forGroups(of: task.examples) { group in
      let inputs = try group.flatMap { example in
        try [example.first, example.second].map { text in
          readsIDs
            ? try texts.input(ids: text, of: example)
            : try texts.input(text, in: example.language, with: models.reference.texts)
        }
      }
      func vectors(_ model: SentenceEmbedder, path: String) throws -> [[Double]] {
        let vectors = try model.embed(inputs, normalized: false).map { $0.map(Double.init) }
        if let place = vectors.firstIndex(where: { !$0.allSatisfy(\.isFinite) }) {
          let example = group[group.startIndex + place / 2]
          throw EvaluationError.notANumber(model: path, path: example.path, number: example.number)
        }
        return vectors
      }
      let own = try vectors(models.reference, path: reference.path)
      let others = try vectors(models.file, path: file.path)
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
        reference: mean(\.reference), file: mean(\.file), accuracy: nil,
        cosine: .init(fidelity)), cutTexts: texts.cutCount, isComplete: isComplete,
      seconds: monotonicSeconds() - start)
  }

  /// - Returns: whether all examples were done.
  func forGroups<Example>(
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
