internal import ThimbleEvaluation
internal import ThimbleSystem

extension EvaluationReport {
  /// The report as tables for a terminal.
  var text: String {
    var text =
      "\(filePath.printable()): \(sizeText(fileSize)), \(decimal(bitsPerWeight, 2)) bits per weight\n\n"
    text += languageTable.text
    if let overall = overall() {
      text += "\n" + partTable.text + "\n" + layerTable.text
      let cosine = overall.sentenceCosine
      text +=
        "\nSentence vectors: cosine \(decimal(cosine.mean, 6)) on average, \(decimal(cosine.percentile1, 6)) reached by 99 %, at least \(decimal(cosine.minimum, 6))\n"
    }
    if let worstLanguage {
      text += "Largest mean divergence: \(worstLanguage.printable())\n"
    }
    if !isComplete { text += "Interrupted: these are the sentences done until then.\n" }
    return text
  }

  private var languageTable: Table {
    var table = Table(
      [
        "language", "positions", "PPL fp32", "PPL", "ratio", "95 %", "mean KL", "same top", "95 %",
        "of top 5",
      ],
      [.left] + Array(repeating: .right, count: 9))
    func append(_ name: String, _ measures: Measures) {
      table.append([
        name, grouped(measures.positions), decimal(measures.referencePerplexity, 2),
        decimal(measures.perplexity, 2), decimal(measures.perplexityRatio.value, 4),
        interval(measures.perplexityRatio, 4), significant(measures.divergence.mean.value),
        percent(measures.agreement.value), shares(measures.agreement),
        percent(measures.agreementInFive),
      ])
    }
    for (name, measures) in languages() { append(name, measures) }
    if let overall = overall() { append("in all", overall) }
    return table
  }

  private var partTable: Table {
    var table = Table(
      [
        "rounding", "ratio", "mean KL", "median", "90 %", "99 %", "99.9 %", "max", "same top",
        "Δp RMS",
      ],
      [.left] + Array(repeating: .right, count: 9))
    for part in LossPart.allCases {
      guard let measures = overall(part) else { continue }
      let divergence = measures.divergence
      table.append(
        [part.title, decimal(measures.perplexityRatio.value, 4)]
          + [
            divergence.mean.value, divergence.median, divergence.percentile90,
            divergence.percentile99, divergence.percentile999, divergence.maximum,
          ].map(significant)
          + [
            percent(measures.agreement.value),
            decimal(100 * measures.probabilityDifference, 2) + " %",
          ])
    }
    return table
  }

  private var layerTable: Table {
    let parts = LossPart.allCases.compactMap { part in overall(part).map { (part, $0) } }
    var table = Table(
      ["hidden states", "cosine"] + parts.map { "error, \($0.0.title)" },
      [.left, .right] + parts.map { _ in .right })
    for layer in parts.first?.1.layers.indices ?? 0..<0 {
      table.append(
        [layer == 0 ? "embeddings" : "layer \(layer)", decimal(parts[0].1.layers[layer].cosine, 6)]
          + parts.map { decimal($0.1.layers[layer].relativeError, 4) })
    }
    return table
  }
}

func percent(_ share: Double) -> String { decimal(100 * share, 1) + " %" }

private func interval(_ estimate: Estimate, _ digits: Int) -> String {
  guard estimate.hasInterval else { return "–" }
  return
    "\(decimal(estimate.interval.lowerBound, digits))–\(decimal(estimate.interval.upperBound, digits))"
}

/// The interval of a share: "89.8–96.6 %".
func shares(_ estimate: Estimate) -> String {
  guard estimate.hasInterval else { return "–" }
  let (low, high) = (estimate.interval.lowerBound, estimate.interval.upperBound)
  return "\(decimal(100 * low, 1))–\(decimal(100 * high, 1)) %"
}

extension SweepReport {
  /// The report as a table for a terminal.
  var text: String {
    var table = Table(
      [
        "", "bits/weight", "size", "mean KL", "99 %", "same top", "95 %", "PPL ratio",
        "sentence cosine",
      ],
      [.left] + Array(repeating: .right, count: 8))
    for point in points.sorted(by: { $0.bitsPerWeight < $1.bitsPerWeight }) {
      let measures = point.measures
      table.append([
        point.name, decimal(point.bitsPerWeight, 2), sizeText(point.byteCount),
        significant(measures.divergence.mean.value), significant(measures.divergence.percentile99),
        percent(measures.agreement.value), shares(measures.agreement),
        decimal(measures.perplexityRatio.value, 4), decimal(measures.sentenceCosine.mean, 5),
      ])
    }
    return table.text
      + (isComplete ? "" : "Interrupted: the last points rest on fewer sentences.\n")
  }
}
