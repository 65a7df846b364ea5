public import ThimbleJSON
public import ThimbleSystem

/// How reference and file do on a task with labels (Formats/report.md).
public struct TaskReport: Sendable {
  public enum Task: String, Sendable { case xnli, sts }

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
    /// Accuracy, or Spearman's correlation of cosines with the scores.
    public let reference: Double
    public let file: Double
    /// What an accuracy rests on; nil for correlations.
    public let accuracy: Accuracy?
    /// Share of examples where both answer the same; nil for correlations.
    public var agreement: Double? { accuracy?.agreement.value }
    /// `file - reference` with its interval, from paired examples; nil for correlations.
    public var difference: Estimate? { accuracy?.difference }
    /// Of the file's sentence vectors with those of the reference; nil for classes.
    public let cosine: Measures.CosineSummary?
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
    /// Share of examples where both answer the same.
    public let agreement: Estimate
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
