internal import ThimbleArchitecture
internal import ThimbleSystem

extension EvaluationReport {
  /// The report as one page with pictures.
  public var html: String {
    let name = filePath.split(separator: "/").last.map(String.init) ?? filePath
    var page = HTMLPage(title: "What quantisation costs: \(name)")
    page.paragraph(
      "Compared with \(referencePath) in fp32, on \(evaluation.masking) of the same sentences, with \(evaluation.options.activations.rawValue) activations."
        + (isComplete ? "" : " Interrupted: only the sentences done until then."))
    addSummary(to: &page)
    addLanguages(to: &page)
    addLayers(to: &page)
    addTensors(to: &page)
    return page.text
  }

  private var parts: [(part: LossPart, measures: Measures)] {
    LossPart.allCases.compactMap { part in overall(part).map { (part, $0) } }
  }

  private var partLegend: String { legend(parts.map { ($0.part.rawValue, $0.part.title) }) }

  private func addSummary(to page: inout HTMLPage) {
    guard let overall = overall() else { return }
    page.tiles([
      (
        "\(fixed(Double(fileSize) / 1e6, 1)) MB", "file, \(fixed(bitsPerWeight, 2)) bits per weight"
      ),
      (significant(overall.divergence.mean.value), "mean KL divergence, nats"),
      ("\(fixed(100 * overall.agreement.value, 1)) %", "same likeliest token"),
      (fixed(overall.perplexityRatio.value, 4), "perplexity ratio"),
      (fixed(overall.sentenceCosine.mean, 5), "mean cosine of sentence vectors"),
    ])
    page.heading("Where the loss comes from")
    page.table(
      "Where the loss comes from",
      [
        [
          "rounding", "PPL ratio", "mean KL", "median", "99 %", "99.9 %", "max", "same top",
          "95 %", "Δp RMS",
        ]
      ]
        + parts.map { part, measures in
          let divergence = measures.divergence
          return [part.title, fixed(measures.perplexityRatio.value, 4)]
            + [
              divergence.mean.value, divergence.median, divergence.percentile99,
              divergence.percentile999, divergence.maximum,
            ].map(significant)
            + [
              percent(measures.agreement.value), percents(measures.agreement),
              "\(fixed(100 * measures.probabilityDifference, 2)) %",
            ]
        })
  }

  private func addLanguages(to page: inout HTMLPage) {
    page.heading("By language")
    let parts = parts.map(\.part).filter { $0 != .both }
    let bars = evaluation.languages.indices.compactMap { index -> BarChart.Bar? in
      guard let mean = measures(of: .both, language: index)?.divergence.mean else { return nil }
      return BarChart.Bar(
        name: evaluation.languages[index], value: mean.value,
        interval: mean.hasInterval ? mean.interval : nil,
        marks: parts.compactMap { part in
          measures(of: part, language: index)
            .map { (part.rawValue, part.title, $0.divergence.mean.value) }
        })
    }
    page.figure(
      BarChart(title: "mean KL divergence, nats", bars: bars), legend: partLegend,
      caption:
        "Mean Kullback-Leibler divergence of the file from fp32 at masked positions; lines are 95 % intervals."
    )
    page.table(
      "By language",
      [
        [
          "language", "positions", "PPL fp32", "PPL", "ratio", "95 %", "same top", "95 %",
          "of top 5",
        ]
      ]
        + (languages() + (overall().map { [("in all", $0)] } ?? [])).map { name, measures in
          let ratio = measures.perplexityRatio
          return [
            name, "\(measures.positions)", fixed(measures.referencePerplexity, 2),
            fixed(measures.perplexity, 2), fixed(ratio.value, 4),
            ratio.hasInterval
              ? "\(fixed(ratio.interval.lowerBound, 4))–\(fixed(ratio.interval.upperBound, 4))"
              : "–",
            percent(measures.agreement.value), percents(measures.agreement),
            percent(measures.agreementInFive),
          ]
        })
  }

  private func addLayers(to page: inout HTMLPage) {
    page.heading("By layer")
    let series = parts.map { part, measures in
      LineChart.Series(
        style: part.rawValue, name: part.title,
        points: measures.layers.enumerated().map { layer, drift in
          LineChart.Point(
            x: Double(layer), y: drift.relativeError,
            name: layer == 0 ? "embeddings" : "layer \(layer)")
        })
    }
    page.figure(
      LineChart(series: series, xTitle: "layer (0: embeddings)", title: "relative error"),
      legend: partLegend,
      caption: "How far hidden states are from those of fp32, relative to their length.")
  }

  private func addTensors(to page: inout HTMLPage) {
    guard !tensors.isEmpty else { return }
    page.heading("By matrix")
    page.figure(
      DotChart(
        title: "Bits per weight and noise of each matrix",
        names: tensors.map { TensorName.short($0.name) },
        scales: [
          .init(
            title: "bits per weight", style: "both", values: tensors.map(\.bitsPerWeight),
            otherwise: ""),
          .init(
            title: "SQNR, dB", style: "activations", values: tensors.map(\.sqnr),
            otherwise: "exact"),
        ]),
      caption:
        "What each quantised matrix takes in the file, and the ratio of signal to quantisation noise of its weights: higher is finer."
    )
    page.table(
      "By matrix",
      [["matrix", "shape", "bits per weight", "SQNR dB"]]
        + tensors.map { tensor in
          [
            tensor.name, "\(tensor.rows) × \(tensor.columns)", fixed(tensor.bitsPerWeight, 3),
            tensor.sqnr.map { fixed($0, 1) } ?? "exact",
          ]
        })
  }
}

/// A share for people: "96.6 %".
func percent(_ share: Double) -> String { "\(fixed(100 * share, 1)) %" }

/// The interval of a share: "89.8–96.6 %".
func percents(_ estimate: Estimate) -> String {
  guard estimate.hasInterval else { return "–" }
  return
    "\(fixed(100 * estimate.interval.lowerBound, 1))–\(fixed(100 * estimate.interval.upperBound, 1)) %"
}

extension LossPart {
  /// What rounds.
  public var title: String { self == .both ? "weights and activations" : rawValue }
}

extension Evaluation {
  /// What was masked, in words.
  var masking: String {
    switch options.masking {
    case .fraction(let fraction): "\(fixed(100 * fraction, 0)) % of the tokens"
    case .allPositions: "every token, masked alone,"
    }
  }
}
