internal import ThimbleEvaluation
internal import ThimbleSystem

extension TaskReport {
  /// The report as a table for a terminal.
  var text: String {
    let isAccuracy = task != .sts
    var table = Table(
      ["language", task == .conll ? "sentences" : "examples"]
        + (isAccuracy
          ? ["fp32", "95 %", "file", "95 %", "lost", "95 %", "same answer", "95 %"]
          : ["fp32", "file", "lost", "cosine mean", "min"]),
      [.left] + Array(repeating: .right, count: isAccuracy ? 9 : 6))
    let all = languages.count > 1 ? [overall] : []
    for result in languages + all {
      table.append(
        [result.name, grouped(result.examples)]
          + (result.accuracy.map(cells) ?? correlationCells(result)))
    }
    return table.text + details
      + withoutCorrelation.map { "No correlation (\($0.name.printable())): \($0.reason).\n" }
      .joined()
      + (isComplete ? "" : "Interrupted: these are the examples done until then.\n")
  }

  private func cells(_ accuracy: Accuracy) -> [String] {
    cells(accuracy.reference, accuracy.file, accuracy.difference)
      + [percent(accuracy.agreement.value), shares(accuracy.agreement)]
  }

  private func cells(_ reference: Estimate, _ file: Estimate, _ difference: Estimate) -> [String] {
    let lost =
      difference.hasInterval
      ? "\(decimal(-100 * difference.interval.upperBound, 2)) … \(decimal(-100 * difference.interval.lowerBound, 2))"
      : "–"
    return [
      percent(reference.value), shares(reference), percent(file.value), shares(file),
      decimal(-100 * difference.value, 2), lost,
    ]
  }

  /// What else was measured, of all languages together.
  private var details: String {
    if let tagging = overall.tagging {
      return measures(
        [
          ("precision", tagging.precision), ("recall", tagging.recall),
          ("accuracy of words", tagging.accuracy),
        ]) + types(tagging)
    }
    guard let answering = overall.answering else { return "" }
    return measures([("exact match", answering.exactMatch)]) + kinds(answering)
  }

  private func measures(_ pairs: [(name: String, pair: Pair)]) -> String {
    var table = Table(
      ["in all", "fp32", "95 %", "file", "95 %", "lost", "95 %"],
      [.left] + Array(repeating: .right, count: 6))
    for (name, pair) in pairs {
      table.append([name] + cells(pair.reference, pair.file, pair.difference))
    }
    return "\n" + table.text
  }

  private func types(_ tagging: Tagging) -> String {
    var table = Table(
      ["entity", "there are", "precision fp32", "file", "recall fp32", "file", "F1 fp32", "file"],
      [.left] + Array(repeating: .right, count: 7))
    for type in tagging.types {
      table.append(
        [type.name.printable(limit: 30), grouped(type.file.expected)]
          + [
            type.reference.precision, type.file.precision, type.reference.recall, type.file.recall,
            type.reference.f1, type.file.f1,
          ].map(percent))
    }
    return "\n" + table.text
  }

  private func kinds(_ answering: Answering) -> String {
    guard !answering.kinds.isEmpty else { return "" }
    var table = Table(
      ["questions", "examples", "exact match fp32", "file", "F1 fp32", "file"],
      [.left] + Array(repeating: .right, count: 5))
    for kind in answering.kinds {
      table.append(
        [kind.name, grouped(kind.examples)]
          + [kind.exactMatch.reference, kind.exactMatch.file, kind.f1.reference, kind.f1.file]
          .map(percent))
    }
    return "\n" + table.text
  }

  private func correlationCells(_ result: Result) -> [String] {
    ([result.reference, result.file, result.reference - result.file]
      + (result.cosine.map { [$0.mean, $0.minimum] } ?? []))
      .map { $0.isNaN ? "–" : decimal($0, 5) }
  }
}
