internal import Thimble
internal import ThimbleModel
internal import ThimbleSystem

extension TaskRunner {
  /// Exact match and F1 of answers, by language.
  ///
  /// Contexts are read in windows as usual: 384 tokens with the question, of which 128 are shared, and answers of at most 30.
  public func run(_ task: AnsweringTask) throws -> TaskReport {
    let start = monotonicSeconds()
    let models = (reference: try QuestionAnswerer(reference), file: try QuestionAnswerer(file))
    let texts = TaskTexts(
      textOptions, models.reference.texts.text, task.examples.map(\.language), readsIDs: false,
      warn)
    var answering = AnswerOptions()
    answering.longestAnswer = 30
    answering.allowsNone = task.allowsNone
    var cutCount = 0
    var tallies = OrderedTallies<AnsweringTally>()
    let isComplete = try forGroups(of: task.examples) { group in
      let queries = try group.map { example in
        answering.text = texts.options(for: example.language)
        answering.text.truncates = true
        let query = try Self.query(
          example, task.contexts[example.context], answering, models.reference.texts)
        if query.cutsQuestion { cutCount += 1 }
        return query
      }
      func answers(_ model: QuestionAnswerer) throws -> [String] {
        var readings = try model.session.read(
          QuestionAnswering.self, queries.flatMap(\.items))[...]
        return queries.map { query in
          let answers = query.answer(readings.prefix(query.items.count))
          readings = readings.dropFirst(query.items.count)
          return answers.answers.first?.text ?? ""
        }
      }
      let (own, others) = (try answers(models.reference), try answers(models.file))
      for (index, example) in group.enumerated() {
        func score(_ answer: String) -> AnswerScore {
          AnswerScore(answer, among: example.answers, allowsNone: task.allowsNone)
        }
        tallies[example.language].add(
          .init(
            context: example.context, hasAnswer: !example.answers.isEmpty,
            reference: score(own[index]), file: score(others[index]),
            areSame: own[index].utf8.elementsEqual(others[index].utf8)))
      }
    }
    var all = AnsweringTally()
    for (_, tally) in tallies.entries { all.add(tally) }
    return TaskReport(
      task: .squad, filePath: file.path, activations: file.activations,
      referencePath: reference.path, languages: tallies.entries.map { $1.result($0) },
      overall: all.result("in all"), cutTexts: cutCount, isComplete: isComplete,
      seconds: monotonicSeconds() - start)
  }

  private static func query(
    _ example: AnsweringTask.Example, _ context: String, _ options: AnswerOptions,
    _ texts: TextEncoder
  ) throws -> AnswerQuery {
    do { return try AnswerQuery(example.question, about: context, options, with: texts) } catch {
      guard case .emptyText = error else { throw error }
      throw EvaluationError.record(
        path: example.path, place: example.place,
        reason: "the question or its context has no tokens.")
    }
  }
}
