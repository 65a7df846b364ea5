public import ThimbleJSON
public import ThimbleSystem

/// How reference and file do on a task with labels (Formats/report.md).
public struct TaskReport: Sendable {
  public enum Task: String, Sendable, CaseIterable { case xnli, sts, conll, squad }

  public let task: Task
  public let filePath: String
  /// What the inputs of the file's int8 weights were rounded to.
  public let activations: ActivationPrecision
  public let referencePath: String
  /// In the order in which they came.
  public let languages: [Result]
  /// All examples together; of similarity the mean over languages, since correlations do not add up.
  public let overall: Result
  /// Texts that were cut, because they had more tokens than the model has positions.
  public let cutTexts: Int
  public let isComplete: Bool
  public let seconds: Double

  /// What one language gave.
  public struct Result: Sendable {
    public let name: String
    public let examples: Int
    /// Accuracy, F1 by entity, the mean F1 of answers, or Spearman's correlation of cosines with the scores.
    public let reference: Double
    public let file: Double
    /// `reference` and `file` with intervals; nil for correlations.
    public let accuracy: Accuracy?
    /// Share of examples where both answer the same; nil for correlations.
    public var agreement: Double? { accuracy?.agreement.value }
    /// `file - reference` with its interval, from paired examples; nil for correlations.
    public var difference: Estimate? { accuracy?.difference }
    /// Of the file's sentence vectors with those of the reference; nil for classes.
    public let cosine: Measures.CosineSummary?
    /// More about labelled words; nil for other tasks.
    public internal(set) var tagging: Tagging?
    /// More about answers; nil for other tasks.
    public internal(set) var answering: Answering?
  }

  /// A measure of both models.
  public struct Pair: Sendable {
    public let reference: Estimate
    public let file: Estimate
    /// `file - reference`, from paired examples.
    public let difference: Estimate
  }

  /// What was counted of labelled words.
  public struct Tagging: Sendable {
    public let words: Int
    public let precision: Pair
    public let recall: Pair
    /// Share of words with the right label.
    public let accuracy: Pair
    /// By name.
    public let types: [TypeCounts]

    /// The entities of one type.
    public struct TypeCounts: Sendable {
      public let name: String
      public internal(set) var reference = EntityCounts()
      public internal(set) var file = EntityCounts()
    }
  }

  /// What was counted of answers.
  public struct Answering: Sendable {
    /// Share of answers that are one of those that are right.
    public let exactMatch: Pair
    /// Of the questions with answers, and of those without, if there are both kinds.
    public let kinds: [Kind]

    public struct Kind: Sendable {
      /// "HasAns" or "NoAns", as in the official script.
      public let name: String
      public let examples: Int
      public let exactMatch: (reference: Double, file: Double)
      public let f1: (reference: Double, file: Double)
    }
  }

  /// Languages whose correlation does not exist, and why: it is NaN, and null in JSON.
  public var withoutCorrelation: [(name: String, reason: String)] {
    languages.filter { $0.reference.isNaN || $0.file.isNaN }.map {
      (
        $0.name,
        $0.examples < 2
          ? "there is only one example" : "all scores, or all cosines, are the same"
      )
    }
  }

  /// Shares of right answers, with intervals.
  public struct Accuracy: Sendable {
    public let reference: Estimate
    public let file: Estimate
    /// `file - reference`, from paired examples.
    public let difference: Estimate
    /// Share of examples, or of words, where both answer the same.
    public let agreement: Estimate

    init(reference: Estimate, file: Estimate, difference: Estimate, agreement: Estimate) {
      (self.reference, self.file) = (reference, file)
      (self.difference, self.agreement) = (difference, agreement)
    }

    init(_ pair: Pair, agreement: Estimate) {
      self.init(
        reference: pair.reference, file: pair.file, difference: pair.difference,
        agreement: agreement)
    }
  }

  public var json: JSONValue {
    [
      "format": "thimble-task", "version": 1, "task": .string(task.rawValue),
      "file": ["path": .string(filePath), "activations": .string(activations.rawValue)],
      "reference": ["path": .string(referencePath)],
      "cutTexts": JSONValue(cutTexts), "isComplete": .bool(isComplete), "seconds": .number(seconds),
      "overall": overall.json,
      "languages": .array(languages.map(\.json)),
    ]
  }
}

extension TaskReport.Result {
  var json: JSONValue {
    var object: JSONObject = [
      "name": .string(name), "examples": JSONValue(examples), "reference": .number(reference),
      "file": .number(file),
    ]
    if let accuracy {
      object.set("referenceInterval", to: accuracy.reference.intervalJSON)
      object.set("fileInterval", to: accuracy.file.intervalJSON)
      object.set("differenceInterval", to: accuracy.difference.intervalJSON)
      object.set("agreement", to: .number(accuracy.agreement.value))
      object.set("agreementInterval", to: accuracy.agreement.intervalJSON)
    }
    if let tagging { object.set("entities", to: tagging.json) }
    if let answering { object.set("answers", to: answering.json) }
    if let cosine {
      object.set(
        "cosine",
        to: [
          "mean": .number(cosine.mean), "p1": .number(cosine.percentile1),
          "min": .number(cosine.minimum),
        ])
    }
    return .object(object)
  }
}

extension TaskReport.Pair {
  var json: JSONValue {
    [
      "reference": .number(reference.value), "referenceInterval": reference.intervalJSON,
      "file": .number(file.value), "fileInterval": file.intervalJSON,
      "differenceInterval": difference.intervalJSON,
    ]
  }
}

extension TaskReport.Tagging {
  var json: JSONValue {
    [
      "words": JSONValue(words), "precision": precision.json, "recall": recall.json,
      "accuracy": accuracy.json,
      "types": .array(
        types.map {
          [
            "name": .string($0.name), "support": JSONValue($0.file.expected),
            "reference": $0.reference.json, "file": $0.file.json,
          ]
        }),
    ]
  }
}

extension EntityCounts {
  fileprivate var json: JSONValue {
    ["precision": .number(precision), "recall": .number(recall), "f1": .number(f1)]
  }
}

extension TaskReport.Answering {
  var json: JSONValue {
    [
      "exactMatch": exactMatch.json,
      "kinds": .array(
        kinds.map {
          [
            "name": .string($0.name), "examples": JSONValue($0.examples),
            "reference": [
              "exactMatch": .number($0.exactMatch.reference), "f1": .number($0.f1.reference),
            ],
            "file": ["exactMatch": .number($0.exactMatch.file), "f1": .number($0.f1.file)],
          ]
        }),
    ]
  }
}
