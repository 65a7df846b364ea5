internal import ThimbleSystem

extension SweepReport {
  /// The curve as one page with pictures.
  public var html: String {
    let name = referencePath.split(separator: "/").last.map(String.init) ?? referencePath
    var page = HTMLPage(title: "Size and accuracy: \(name)")
    page.paragraph(
      "What is lost against \(referencePath) in fp32 at each size. All run with \(activations.rawValue) activations."
        + (isComplete ? "" : " Interrupted: the last points rest on fewer sentences."))
    let entries = [("both", "Thimble"), ("baseline", "block formats of others, raw")]
    page.heading("Divergence")
    page.figure(
      chart("mean KL divergence, nats", isLogarithmic: true) { $0.divergence.mean.value },
      legend: legend(entries),
      caption: "Mean Kullback-Leibler divergence from fp32: lower is better.")
    page.heading("Different answers")
    page.figure(
      chart("positions with another likeliest token, %", isLogarithmic: true) {
        100 * (1 - $0.agreement.value)
      },
      legend: legend(entries), caption: "How often another token is the likeliest.")
    page.heading("Figures")
    page.table(
      [
        [
          "", "bits per weight", "MB", "mean KL", "95 %", "99 % of KL", "same top", "PPL ratio",
          "sentence cosine",
        ]
      ]
        + points.sorted { $0.bitsPerWeight < $1.bitsPerWeight }.map { point in
          let (measures, mean) = (point.measures, point.measures.divergence.mean)
          return [
            point.name, fixed(point.bitsPerWeight, 2), fixed(Double(point.byteCount) / 1e6, 1),
            significant(mean.value),
            "\(significant(mean.interval.lowerBound))–\(significant(mean.interval.upperBound))",
            significant(measures.divergence.percentile99),
            "\(fixed(100 * measures.agreement.value, 1)) %",
            fixed(measures.perplexityRatio.value, 4), fixed(measures.sentenceCosine.mean, 5),
          ]
        })
    return page.text
  }

  private func chart(
    _ title: String, isLogarithmic: Bool, _ value: (Measures) -> Double
  ) -> String {
    func series(_ kind: Kind, _ style: String, isScattered: Bool) -> LineChart.Series {
      let points = points.filter { $0.kind == kind && value($0.measures) > 0 }
        .sorted { $0.bitsPerWeight < $1.bitsPerWeight }
        .map { (x: $0.bitsPerWeight, y: value($0.measures), name: $0.name) }
      return .init(
        style: style, name: kind == .thimble ? "Thimble" : "baseline", points: points,
        isScattered: isScattered)
    }
    return LineChart(
      series: [
        series(.thimble, "both", isScattered: false),
        series(.baseline, "baseline", isScattered: true),
      ], xTitle: "bits per weight", yTitle: title, isLogarithmic: isLogarithmic, startsAtZero: false
    ).svg
  }
}
