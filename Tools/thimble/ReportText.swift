internal import ThimbleEvaluation

extension EvaluationReport {
  /// The report as tables for a terminal.
  var text: String {
    var text =
      "\(filePath): \(sizeText(fileSize)), \(decimal(bitsPerWeight, 2)) bits per weight\n\n"
    text += languageTable.text
    if let overall = overall() {
      text += "\n" + partTable.text + "\n" + layerTable.text
      let cosine = overall.sentenceCosine
      text +=
        "\nSentence vectors: cosine \(decimal(cosine.mean, 6)) on average, \(decimal(cosine.percentile1, 6)) reached by 99 %, at least \(decimal(cosine.minimum, 6))\n"
    }
    if let worstLanguage { text += "Largest mean divergence: \(worstLanguage)\n" }
    if !evaluation.isComplete { text += "Interrupted: these are the sentences done until then.\n" }
    return text
  }

  private var languageTable: Table {
    var table = Table(
      [
        "language", "positions", "PPL fp32", "PPL", "ratio", "95 %", "mean KL", "same top",
        "of top 5",
      ],
      [.left] + Array(repeating: .right, count: 8))
    func append(_ name: String, _ measures: Measures) {
      table.append([
        name, grouped(measures.positions), decimal(measures.referencePerplexity, 2),
        decimal(measures.perplexity, 2), decimal(measures.perplexityRatio.value, 4),
        interval(measures.perplexityRatio, 4), significant(measures.divergence.mean.value),
        percent(measures.agreement.value), percent(measures.agreementInFive),
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
  guard estimate.interval.upperBound.isFinite else { return "–" }
  return
    "\(decimal(estimate.interval.lowerBound, digits))–\(decimal(estimate.interval.upperBound, digits))"
}

extension TaskReport {
  /// The report as a table for a terminal.
  var text: String {
    let isAccuracy = task == .xnli
    var table = Table(
      ["language", "examples", "fp32", "file", "lost"]
        + (isAccuracy ? ["95 %", "same answer"] : ["cosine mean", "min"]),
      [.left] + Array(repeating: .right, count: 6))
    for result in languages + (languages.count > 1 ? [overall] : []) {
      let lost = result.reference - result.file
      var row = [result.name, grouped(result.examples)]
      row += [result.reference, result.file].map { isAccuracy ? percent($0) : decimal($0, 5) }
      row.append(isAccuracy ? decimal(100 * lost, 2) : decimal(lost, 5))
      if let difference = result.difference {
        let interval = difference.interval
        row.append(
          interval.upperBound.isFinite
            ? "\(decimal(-100 * interval.upperBound, 2)) … \(decimal(-100 * interval.lowerBound, 2))"
            : "–")
      }
      if let agreement = result.agreement { row.append(percent(agreement)) }
      if let cosine = result.cosine {
        row += [decimal(cosine.mean, 5), decimal(cosine.minimum, 5)]
      }
      table.append(row)
    }
    return table.text
      + (isComplete ? "" : "Interrupted: these are the examples done until then.\n")
  }
}

extension SweepReport {
  /// The report as a table for a terminal.
  var text: String {
    var table = Table(
      ["", "bits/weight", "size", "mean KL", "99 %", "same top", "PPL ratio", "sentence cosine"],
      [.left] + Array(repeating: .right, count: 7))
    for point in points.sorted(by: { $0.bitsPerWeight < $1.bitsPerWeight }) {
      let measures = point.measures
      table.append([
        point.name, decimal(point.bitsPerWeight, 2), sizeText(point.byteCount),
        significant(measures.divergence.mean.value), significant(measures.divergence.percentile99),
        percent(measures.agreement.value), decimal(measures.perplexityRatio.value, 4),
        decimal(measures.sentenceCosine.mean, 5),
      ])
    }
    return table.text
      + (isComplete ? "" : "Interrupted: the last points rest on fewer sentences.\n")
  }
}
