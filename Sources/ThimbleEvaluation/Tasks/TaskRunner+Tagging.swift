internal import Thimble
internal import ThimbleArchitecture
internal import ThimbleModel
internal import ThimbleSystem

extension TaskRunner {
  /// F1 by entity, by language. The words of a sentence are joined by spaces, and each has the label of its first token.
  ///
  /// - Throws: `EvaluationError`, among them `.label` for an entity of a type that the head does not know.
  public func run(_ task: TaggingTask) throws -> TaskReport {
    let start = monotonicSeconds()
    let models = (reference: try Tagger(reference), file: try Tagger(file))
    try check(task, models.reference.session.configuration.labels)
    let model = models.reference.texts.text
    let texts = TaskTexts(
      textOptions, model, task.examples.map(\.language), readsIDs: false, warn)
    var tagging = TagOptions()
    tagging.aggregation = .none
    tagging.ignored = []
    // A sentence that is too long is read in windows.
    tagging.stride = max(model.longestText - 2, 0) / 4
    var tallies = OrderedTallies<TaggingTally>()
    let isComplete = try forGroups(of: task.examples) { group in
      let queries = try group.map { example in
        tagging.text = texts.options(for: example.language)
        return try TagQuery(
          example.words.joined(separator: " "), tagging, with: models.reference.texts)
      }
      func labels(_ model: Tagger) throws -> [[String]] {
        var readings = try model.session.read(
          TokenClassifier.self, queries.flatMap(\.items))[...]
        return zip(queries, group).map { query, example in
          let tokens = query.answer(readings.prefix(query.items.count))
          readings = readings.dropFirst(query.items.count)
          return Self.labels(of: example.words, tokens)
        }
      }
      let (own, others) = (try labels(models.reference), try labels(models.file))
      for (index, example) in group.enumerated() {
        tallies[example.language].add(
          labels: example.labels, reference: own[index], file: others[index])
      }
    }
    var all = TaggingTally()
    for (_, tally) in tallies.entries { all.add(tally) }
    return TaskReport(
      task: .conll, filePath: file.path, activations: file.activations,
      referencePath: reference.path, languages: tallies.entries.map { $1.result($0) },
      overall: all.result("in all"), cutTexts: 0, isComplete: isComplete,
      seconds: monotonicSeconds() - start)
  }

  /// Whether the head and the sentences speak of the same entities.
  private func check(_ task: TaggingTask, _ labels: [String]) throws(EvaluationError) {
    guard labels.allSatisfy(WordLabel.isKnown) else {
      throw .labels(path: reference.path, found: labels)
    }
    let types = Set(labels.filter { $0 != "O" }.map { WordLabel($0).type })
    for example in task.examples {
      for (index, label) in example.labels.enumerated()
      where label != "O" && !types.contains(WordLabel(label).type) {
        throw .label(
          path: example.path, number: example.number + index, found: label, known: labels)
      }
    }
  }

  /// For each of `words`, as they stand in the text, the label of its first token; "O" if it has none.
  private static func labels(of words: [String], _ tokens: [Entity]) -> [String] {
    var (start, token) = (0, 0)
    return words.map { word in
      let end = start + word.utf8.count
      defer { start = end + 1 }
      while token < tokens.count, (tokens[token].bytes?.upperBound ?? 0) <= start { token += 1 }
      guard token < tokens.count, let bytes = tokens[token].bytes, bytes.lowerBound < end else {
        return "O"
      }
      return tokens[token].label
    }
  }
}
