internal import ThimbleSystem

extension EvaluationReport {
  /// The report as one page with pictures.
  public var html: String {
    let name = filePath.split(separator: "/").last.map(String.init) ?? filePath
    var page = HTMLPage(title: "What quantisation costs: \(name)")
    page.paragraph(
      "Compared with \(referencePath) in fp32, on \(evaluation.masking) of the same sentences, with \(evaluation.options.activations.rawValue) activations."
        + (evaluation.isComplete ? "" : " Interrupted: only the sentences done until then."))
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
      [
        [
          "rounding", "PPL ratio", "mean KL", "median", "99 %", "99.9 %", "max", "same top",
          "Δp RMS",
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
              "\(fixed(100 * measures.agreement.value, 1)) %",
              "\(fixed(100 * measures.probabilityDifference, 2)) %",
            ]
        })
  }

  private func addLanguages(to page: inout HTMLPage) {
    page.heading("By language")
    let parts = parts.map(\.part).filter { $0 != .both }.map {
      ($0, Dictionary(uniqueKeysWithValues: languages($0).map { ($0.name, $0.measures) }))
    }
    let bars = languages().map { name, measures in
      BarChart.Bar(
        name: name, value: measures.divergence.mean.value,
        interval: measures.divergence.mean.interval,
        marks: parts.compactMap { part, languages in
          languages[name].map { (part.rawValue, part.title, $0.divergence.mean.value) }
        })
    }
    page.figure(
      BarChart(bars: bars, unit: "mean KL divergence, nats").svg, legend: partLegend,
      caption:
        "Mean Kullback-Leibler divergence of the file from fp32 at masked positions; lines are 95 % intervals."
    )
    page.table(
      [["language", "positions", "PPL fp32", "PPL", "ratio", "95 %", "same top", "of top 5"]]
        + (languages() + (overall().map { [("in all", $0)] } ?? [])).map { name, measures in
          let ratio = measures.perplexityRatio
          return [
            name, "\(measures.positions)", fixed(measures.referencePerplexity, 2),
            fixed(measures.perplexity, 2), fixed(ratio.value, 4),
            ratio.interval.upperBound.isFinite
              ? "\(fixed(ratio.interval.lowerBound, 4))–\(fixed(ratio.interval.upperBound, 4))"
              : "–",
            "\(fixed(100 * measures.agreement.value, 1)) %",
            "\(fixed(100 * measures.agreementInFive, 1)) %",
          ]
        })
  }

  private func addLayers(to page: inout HTMLPage) {
    page.heading("By layer")
    let series = parts.map { part, measures in
      LineChart.Series(
        style: part.rawValue, name: part.title,
        points: measures.layers.enumerated().map { layer, drift in
          (Double(layer), drift.relativeError, layer == 0 ? "embeddings" : "layer \(layer)")
        })
    }
    page.figure(
      LineChart(series: series, xTitle: "layer (0: embeddings)", yTitle: "relative error").svg,
      legend: partLegend,
      caption: "How far hidden states are from those of fp32, relative to their length.")
  }

  private func addTensors(to page: inout HTMLPage) {
    guard !tensors.isEmpty else { return }
    page.heading("By tensor")
    func chart(_ title: String, _ style: String, _ value: (TensorQuality) -> Double?) -> String {
      let points = tensors.enumerated().compactMap { index, tensor in
        value(tensor).map { (Double(index + 1), $0, tensor.name) }
      }
      return LineChart(
        series: [.init(style: style, name: title, points: points)],
        xTitle: "quantised matrix, in the order of the file", yTitle: title
      ).svg
    }
    page.figure(
      chart("bits per weight", "both") { $0.bitsPerWeight },
      caption: "What each matrix takes in the file.")
    page.figure(
      chart("SQNR, dB", "activations") { $0.sqnr },
      caption: "Signal to quantisation noise of each matrix: higher is finer.")
    page.table(
      [["matrix", "shape", "bits per weight", "SQNR dB"]]
        + tensors.map { tensor in
          [
            tensor.name, "\(tensor.rows) × \(tensor.columns)", fixed(tensor.bitsPerWeight, 3),
            tensor.sqnr.map { fixed($0, 1) } ?? "exact",
          ]
        })
  }
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
