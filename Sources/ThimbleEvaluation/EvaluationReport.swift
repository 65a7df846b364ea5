internal import ThimbleFormat
public import ThimbleJSON
internal import ThimbleSystem

/// An evaluation with all that a reader wants to know about it (Formats/report.md).
public struct EvaluationReport: Sendable {
  public let filePath: String
  public let fileSize: Int
  public let bitsPerWeight: Double
  public let referencePath: String
  public let evaluation: Evaluation
  /// Of each quantised matrix; fewer if it was interrupted.
  public let tensors: [TensorQuality]
  /// false: it was interrupted.
  public let isComplete: Bool

  /// Compares the weights of `pair` too, which takes a pass over both.
  ///
  /// - Parameters:
  ///   - progress: called with the matrices that have been compared and those there are.
  ///   - isInterrupted: whether to leave out those that are left.
  public init(
    _ evaluation: Evaluation, of pair: ModelPair,
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in },
    isInterrupted: () -> Bool = { false }
  ) throws(EvaluationError) {
    self.evaluation = evaluation
    filePath = pair.file.path
    fileSize = pair.file.size
    bitsPerWeight = pair.file.bitsPerWeight
    referencePath = pair.referencePath
    let compared = try pair.tensorQualities(progress: progress, isInterrupted: isInterrupted)
    tensors = compared.qualities
    isComplete = evaluation.isComplete && compared.isComplete
  }

  /// The measures of `part` by language; those that have any.
  public func languages(_ part: LossPart = .both) -> [(name: String, measures: Measures)] {
    evaluation.languages.indices.compactMap { index in
      measures(of: part, language: index).map { (evaluation.languages[index], $0) }
    }
  }

  /// The measures of `part` in a language of `evaluation`; nil if there are none.
  func measures(of part: LossPart, language: Int) -> Measures? {
    column(part).flatMap { evaluation.measures(language: language, candidate: $0) }
  }

  /// The measures of `part` over all positions; nil if it was not measured.
  public func overall(_ part: LossPart = .both) -> Measures? {
    column(part).flatMap { evaluation.measures(candidate: $0) }
  }

  /// The language with the largest mean divergence, if there are several.
  public var worstLanguage: String? {
    let languages = languages()
    guard languages.count > 1 else { return nil }
    return languages.max { $0.measures.divergence.mean.value < $1.measures.divergence.mean.value }?
      .name
  }

  private func column(_ part: LossPart) -> Int? {
    evaluation.candidates.firstIndex(of: part.rawValue)
  }

  /// As Formats/report.md has it.
  public var json: JSONValue {
    var object: JSONObject = [
      "format": "thimble-evaluation", "version": 1,
      "file": [
        "path": .string(filePath), "size": JSONValue(fileSize),
        "bitsPerWeight": .number(bitsPerWeight),
      ],
      "reference": ["path": .string(referencePath)],
    ]
    evaluation.describe(in: &object)
    object.set("isComplete", to: .bool(isComplete))
    object.set("overall", to: comparison { overall($0) })
    let languages = evaluation.languages.indices.compactMap { index -> JSONValue? in
      guard measures(of: .both, language: index) != nil else { return nil }
      return comparison(name: evaluation.languages[index]) { measures(of: $0, language: index) }
    }
    object.set("languages", to: .array(languages))
    object.set("worstLanguage", to: worstLanguage.map { .string($0) } ?? .null)
    object.set("tensors", to: .array(tensors.map(\.json)))
    return .object(object)
  }

  private func comparison(name: String? = nil, _ measures: (LossPart) -> Measures?) -> JSONValue {
    var object = JSONObject()
    if let name { object.set("name", to: .string(name)) }
    for part in LossPart.allCases {
      if let measures = measures(part) { object.set(part.rawValue, to: measures.json) }
    }
    return .object(object)
  }
}

extension ThimbleFile {
  /// Tensors that are part of how a matrix is stored, as indices.
  var columnFactorTensors: Set<Int> { Set(tensors.compactMap(\.columnFactors)) }

  /// All bytes but configuration and tokenizer, over the parameters of the model.
  var bitsPerWeight: Double {
    let factors = columnFactorTensors
    let parameters = tensors.indices.reduce(0) {
      $0 + (factors.contains($1) ? 0 : tensors[$1].shape.valueCount)
    }
    return 8 * Double(size - configuration.count - tokenizer.count) / Double(parameters)
  }
}

extension Evaluation {
  /// Adds what was done and how.
  func describe(in object: inout JSONObject) {
    var settings: JSONObject = [:]
    switch options.masking {
    case .fraction(let fraction):
      settings.set("masking", to: "fraction")
      settings.set("maskFraction", to: .number(fraction))
    case .allPositions:
      settings.set("masking", to: "all-positions")
      settings.set("maskFraction", to: .null)
    }
    settings.set("activations", to: .string(options.activations.rawValue))
    settings.set("seed", to: JSONValue(options.seed))
    settings.set("limit", to: options.limit.map { JSONValue($0) } ?? .null)
    object.set("settings", to: .object(settings))
    object.set("isComplete", to: .bool(isComplete))
    object.set("skippedSentences", to: JSONValue(skippedSentences))
    object.set("cutSentences", to: JSONValue(cutSentences))
    object.set("seconds", to: .number(seconds))
  }
}

extension TensorQuality {
  var json: JSONValue {
    [
      "name": .string(name), "rows": JSONValue(rows), "columns": JSONValue(columns),
      "bytes": JSONValue(byteCount), "bitsPerWeight": .number(bitsPerWeight),
      "sqnr": sqnr.map { .number($0) } ?? .null,
    ]
  }
}

extension Measures {
  var json: JSONValue {
    return [
      "sentences": JSONValue(sentences), "positions": JSONValue(positions),
      "perplexity": [
        "reference": .number(referencePerplexity), "file": .number(perplexity),
        "ratio": .number(perplexityRatio.value), "ratioInterval": perplexityRatio.intervalJSON,
      ],
      "divergence": [
        "mean": .number(divergence.mean.value), "meanInterval": divergence.mean.intervalJSON,
        "median": .number(divergence.median), "p90": .number(divergence.percentile90),
        "p99": .number(divergence.percentile99), "p999": .number(divergence.percentile999),
        "max": .number(divergence.maximum),
      ],
      "agreement": .number(agreement.value), "agreementInterval": agreement.intervalJSON,
      "agreementInFive": .number(agreementInFive),
      "agreementInFiveInterval": agreementInFiveInterval.json,
      "probabilityDifference": .number(probabilityDifference),
      "layers": .array(
        layers.map { ["cosine": .number($0.cosine), "relativeError": .number($0.relativeError)] }),
      "sentenceCosine": [
        "mean": .number(sentenceCosine.mean), "p1": .number(sentenceCosine.percentile1),
        "min": .number(sentenceCosine.minimum),
      ],
    ]
  }
}

extension Estimate {
  var intervalJSON: JSONValue { hasInterval ? interval.json : [.null, .null] }
}

extension ClosedRange<Double> {
  /// [low, high]; numbers that do not exist become null.
  var json: JSONValue { [.number(lowerBound), .number(upperBound)] }
}
