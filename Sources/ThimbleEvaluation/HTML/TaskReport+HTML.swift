internal import ThimbleSystem

extension TaskReport {
  /// The report as one page with pictures.
  public var html: String {
    let name = filePath.split(separator: "/").last.map(String.init) ?? filePath
    let isAccuracy = task == .xnli
    let measure = isAccuracy ? "accuracy" : "Spearman's correlation"
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
      BarChart(title: isAccuracy ? "accuracy, %" : "correlation", bars: languages.map(bar)),
      legend: legend([("both", "file"), ("weights", "fp32")]),
      caption: isAccuracy
        ? "Share of right answers; lines are 95 % intervals of the file's."
        : "Correlation of the cosine of sentence vectors with people's scores.")
    page.table(
      "By language",
      [
        ["language", "examples"]
          + (isAccuracy
            ? ["fp32", "95 %", "file", "95 %", "lost", "95 %", "same answer", "95 %"]
            : ["fp32", "file", "lost", "cosine mean", "min"])
      ] + (languages + (languages.count > 1 ? [overall] : [])).map(row))
    for (name, reason) in withoutCorrelation {
      page.paragraph("No correlation (\(name)): \(reason).")
    }
    return page.text
  }

  private func score(_ value: Double) -> String {
    task == .xnli ? percent(value) : value.isNaN ? "–" : fixed(value, 5)
  }

  private func range(_ estimate: Estimate?) -> String {
    estimate.map { " (95 %: \(percents($0)))" } ?? ""
  }

  private func bar(_ result: Result) -> BarChart.Bar {
    let unit = task == .xnli ? 100.0 : 1
    let interval = result.accuracy.map {
      100 * $0.file.interval.lowerBound...100 * $0.file.interval.upperBound
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
    let difference = accuracy.difference
    return start + [
      percent(accuracy.reference.value), percents(accuracy.reference),
      percent(accuracy.file.value), percents(accuracy.file), fixed(-100 * difference.value, 2),
      "\(fixed(-100 * difference.interval.upperBound, 2)) … \(fixed(-100 * difference.interval.lowerBound, 2))",
      percent(accuracy.agreement.value), percents(accuracy.agreement),
    ]
  }
}
