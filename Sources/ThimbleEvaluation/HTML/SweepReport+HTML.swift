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
      chart("mean KL divergence, nats") { $0.divergence.mean },
      legend: legend(entries),
      caption:
        "Mean Kullback-Leibler divergence from fp32: lower is better. Lines are 95 % intervals."
        + note { $0.divergence.mean.value })
    page.heading("Different answers")
    page.figure(
      chart("positions with another likeliest token, %") { $0.disagreement },
      legend: legend(entries),
      caption: "How often another token is the likeliest. Lines are 95 % intervals."
        + note { $0.disagreement.value })
    page.heading("Figures")
    page.table("Figures", rows)
    return page.text
  }

  private var rows: [[String]] {
    [
      [
        "", "bits per weight", "MB", "mean KL", "95 %", "99 % of KL", "same top", "95 %",
        "PPL ratio", "sentence cosine",
      ]
    ]
      + points.sorted { $0.bitsPerWeight < $1.bitsPerWeight }.map { point in
        let (measures, mean) = (point.measures, point.measures.divergence.mean)
        return [
          point.name, fixed(point.bitsPerWeight, 2), fixed(Double(point.byteCount) / 1e6, 1),
          significant(mean.value),
          mean.hasInterval
            ? "\(significant(mean.interval.lowerBound))–\(significant(mean.interval.upperBound))"
            : "–",
          significant(measures.divergence.percentile99), percent(measures.agreement.value),
          percents(measures.agreement), fixed(measures.perplexityRatio.value, 4),
          fixed(measures.sentenceCosine.mean, 5),
        ]
      }
  }

  /// What to know of points that a logarithmic axis cannot show.
  private func note(_ value: (Measures) -> Double) -> String {
    let count = points.count { value($0.measures) <= 0 }
    return count > 0 && count < points.count ? " Hollow points are at 0." : ""
  }

  private func chart(_ title: String, _ value: (Measures) -> Estimate) -> LineChart {
    func series(_ kind: Kind, _ name: String, _ style: String) -> LineChart.Series {
      let points = points.filter { $0.kind == kind }
        .sorted { $0.bitsPerWeight < $1.bitsPerWeight }
        .map { point in
          let estimate = value(point.measures)
          return LineChart.Point(
            x: point.bitsPerWeight, y: estimate.value,
            interval: estimate.hasInterval ? estimate.interval : nil, name: point.name)
        }
      return .init(style: style, name: name, points: points, isScattered: kind == .baseline)
    }
    return LineChart(
      series: [series(.thimble, "Thimble", "both"), series(.baseline, "baseline", "baseline")],
      xTitle: "bits per weight", title: title, isLogarithmic: true, isCounting: false)
  }
}

extension Measures {
  /// The share of positions with another likeliest token, in per cent.
  fileprivate var disagreement: Estimate {
    Estimate(
      value: 100 * (1 - agreement.value),
      interval: 100 * (1 - agreement.interval.upperBound)...100
        * (1 - agreement.interval.lowerBound))
  }
}
