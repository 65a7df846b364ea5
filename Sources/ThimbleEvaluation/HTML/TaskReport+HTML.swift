internal import ThimbleSystem

extension TaskReport {
  /// The report as one page with pictures.
  public var html: String {
    let name = filePath.split(separator: "/").last.map(String.init) ?? filePath
    let isAccuracy = task != .sts
    let measure =
      switch task {
      case .xnli: "accuracy"
      case .sts: "Spearman's correlation"
      case .conll: "F1 by entity"
      case .squad: "F1 of answers"
      }
    var page = HTMLPage(title: "What quantisation costs on \(task.rawValue): \(name)")
    page.paragraph(
      "Compared with \(referencePath) in fp32, with \(activations.rawValue) activations."
        + (isComplete ? "" : " Interrupted: only the examples done until then."))
    page.tiles([
      (score(overall.reference), "\(measure) in fp32\(range(overall.accuracy?.reference))"),
      (score(overall.file), "\(measure) of the file\(range(overall.accuracy?.file))"),
      overall.agreement.map { ("\(fixed(100 * $0, 1)) %", "same answer") }
        ?? (fixed(overall.cosine?.mean ?? 0, 5), "mean cosine of sentence vectors"),
    ])
    page.heading("By language")
    page.figure(
      BarChart(title: isAccuracy ? "\(measure), %" : "correlation", bars: languages.map(bar)),
      legend: legend([("both", "file"), ("weights", "fp32")]),
      caption: isAccuracy
        ? "\(Self.explanations[task] ?? "") Lines are 95 % intervals of the file's."
        : "Correlation of the cosine of sentence vectors with people's scores.")
    page.table(
      "By language",
      [
        ["language", "examples"]
          + (isAccuracy
            ? ["fp32", "95 %", "file", "95 %", "lost", "95 %", "same answer", "95 %"]
            : ["fp32", "file", "lost", "cosine mean", "min"])
      ] + (languages + (languages.count > 1 ? [overall] : [])).map(row))
    addDetails(to: &page)
    for (name, reason) in withoutCorrelation {
      page.paragraph("No correlation (\(name)): \(reason).")
    }
    return page.text
  }

  private static let explanations: [Task: String] = [
    .xnli: "Share of right answers.",
    .conll: "Harmonic mean of precision and recall of entities, as seqeval counts them.",
    .squad: "Mean over questions of the words shared with the best of the right answers.",
  ]

  /// What else was measured, of all languages together.
  private func addDetails(to page: inout HTMLPage) {
    let header = ["in all", "fp32", "95 %", "file", "95 %", "lost", "95 %"]
    if let tagging = overall.tagging {
      page.table(
        "Measures",
        [header] + [
          ["precision"] + cells(tagging.precision), ["recall"] + cells(tagging.recall),
          ["accuracy of words"] + cells(tagging.accuracy),
        ])
      guard !tagging.types.isEmpty else { return }
      page.heading("By entity")
      page.figure(
        BarChart(
          title: "F1, %",
          bars: tagging.types.map {
            BarChart.Bar(
              name: $0.name, value: 100 * $0.file.f1, interval: nil,
              marks: [("weights", "fp32", 100 * $0.reference.f1)])
          }), legend: legend([("both", "file"), ("weights", "fp32")]),
        caption: "F1 of the entities of each type.")
      page.table(
        "By entity",
        [
          [
            "entity", "there are", "precision fp32", "file", "recall fp32", "file", "F1 fp32",
            "file",
          ]
        ]
          + tagging.types.map { type in
            [type.name, "\(type.file.expected)"]
              + [
                type.reference.precision, type.file.precision, type.reference.recall,
                type.file.recall, type.reference.f1, type.file.f1,
              ].map(percent)
          })
    }
    if let answering = overall.answering {
      page.table("Measures", [header, ["exact match"] + cells(answering.exactMatch)])
      guard !answering.kinds.isEmpty else { return }
      page.table(
        "By kind of question",
        [["questions", "examples", "exact match fp32", "file", "F1 fp32", "file"]]
          + answering.kinds.map { kind in
            [kind.name, "\(kind.examples)"]
              + [kind.exactMatch.reference, kind.exactMatch.file, kind.f1.reference, kind.f1.file]
              .map(percent)
          })
    }
  }

  private func score(_ value: Double) -> String {
    task != .sts ? percent(value) : value.isNaN ? "–" : fixed(value, 5)
  }

  private func range(_ estimate: Estimate?) -> String {
    estimate.map { " (95 %: \(percents($0)))" } ?? ""
  }

  private func bar(_ result: Result) -> BarChart.Bar {
    let unit = task != .sts ? 100.0 : 1
    let interval = result.accuracy.flatMap {
      $0.file.hasInterval
        ? 100 * $0.file.interval.lowerBound...100 * $0.file.interval.upperBound : nil
    }
    return BarChart.Bar(
      name: result.name, value: unit * result.file, interval: interval,
      marks: [("weights", "fp32", unit * result.reference)])
  }

  private func row(_ result: Result) -> [String] {
    let start = [result.name, "\(result.examples)"]
    guard let accuracy = result.accuracy else {
      return start
        + ([result.reference, result.file, result.reference - result.file]
        + (result.cosine.map { [$0.mean, $0.minimum] } ?? [])).map(score)
    }
    return start
      + cells(
        Pair(
          reference: accuracy.reference, file: accuracy.file, difference: accuracy.difference))
      + [percent(accuracy.agreement.value), percents(accuracy.agreement)]
  }

  private func cells(_ pair: Pair) -> [String] {
    let difference = pair.difference
    let lost =
      difference.hasInterval
      ? "\(fixed(-100 * difference.interval.upperBound, 2)) … \(fixed(-100 * difference.interval.lowerBound, 2))"
      : "–"
    return [
      percent(pair.reference.value), percents(pair.reference), percent(pair.file.value),
      percents(pair.file), fixed(-100 * difference.value, 2), lost,
    ]
  }
}
