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
      (score(overall.reference), "\(measure) in fp32"),
      (score(overall.file), "\(measure) of the file"),
      overall.agreement.map { ("\(fixed(100 * $0, 1)) %", "same answer") }
        ?? (fixed(overall.cosine?.mean ?? 0, 5), "mean cosine of sentence vectors"),
    ])
    page.heading("By language")
    page.figure(
      BarChart(bars: languages.map { bar($0) }, unit: isAccuracy ? "accuracy, %" : "correlation")
        .svg, legend: legend([("both", "file"), ("weights", "fp32")]),
      caption: isAccuracy
        ? "Share of right answers; lines are 95 % intervals of the difference from fp32."
        : "Correlation of the cosine of sentence vectors with people's scores.")
    page.table(
      [
        ["language", "examples", "fp32", "file", "lost"]
          + (isAccuracy ? ["95 %", "same answer"] : ["cosine mean", "min"])
      ] + (languages + (languages.count > 1 ? [overall] : [])).map(row))
    return page.text
  }

  private var unit: Double { task == .xnli ? 100 : 1 }

  private func score(_ value: Double) -> String {
    task == .xnli ? "\(fixed(100 * value, 1)) %" : fixed(value, 5)
  }

  private func bar(_ result: Result) -> BarChart.Bar {
    let value = unit * result.file
    let reference = unit * result.reference
    // The interval of the difference, around the reference: where the file would be.
    let difference = result.difference?.interval
    let interval =
      difference.map { reference + unit * $0.lowerBound...reference + unit * $0.upperBound }
      ?? value...value
    return BarChart.Bar(
      name: result.name, value: value, interval: interval,
      marks: [("weights", "fp32", reference)])
  }

  private func row(_ result: Result) -> [String] {
    let lost = result.reference - result.file
    var cells = [result.name, "\(result.examples)", score(result.reference), score(result.file)]
    cells.append(task == .xnli ? fixed(100 * lost, 2) : fixed(lost, 5))
    if let interval = result.difference?.interval {
      cells.append(
        interval.upperBound.isFinite
          ? "\(fixed(-100 * interval.upperBound, 2)) … \(fixed(-100 * interval.lowerBound, 2))"
          : "–")
    }
    if let agreement = result.agreement { cells.append("\(fixed(100 * agreement, 1)) %") }
    if let cosine = result.cosine {
      cells += [fixed(cosine.mean, 5), fixed(cosine.minimum, 5)]
    }
    return cells
  }
}
