internal import ThimbleFormat
public import ThimbleJSON
internal import ThimbleSystem

/// What a model loses at each of several sizes, beside the schemes of others (Formats/report.md).
public struct SweepReport: Sendable {
  public enum Kind: String, Sendable { case thimble, baseline }

  /// One size of the model.
  public struct Point: Sendable {
    public let name: String
    public let kind: Kind
    public let bitsPerWeight: Double
    public let byteCount: Int
    public let measures: Measures
  }

  public let referencePath: String
  public private(set) var points: [Point] = []
  private var evaluations: [Evaluation] = []

  public init(referencePath: String) { self.referencePath = referencePath }

  /// Adds the file of `pair`.
  ///
  /// - Parameter evaluation: of its part `both` alone.
  public mutating func add(_ evaluation: Evaluation, of pair: ModelPair, name: String) {
    evaluations.append(evaluation)
    guard let measures = evaluation.measures(candidate: 0) else { return }
    points.append(
      Point(
        name: name, kind: .thimble, bitsPerWeight: pair.file.bitsPerWeight,
        byteCount: pair.file.size, measures: measures))
  }

  /// Adds baselines, which `evaluation` has as candidates in this order.
  public mutating func add(_ evaluation: Evaluation, of baselines: [Baseline]) {
    evaluations.append(evaluation)
    for (index, baseline) in baselines.enumerated() {
      guard let measures = evaluation.measures(candidate: index) else { continue }
      points.append(
        Point(
          name: baseline.candidate.name, kind: .baseline, bitsPerWeight: baseline.bitsPerWeight,
          byteCount: baseline.byteCount, measures: measures))
    }
  }

  /// What the inputs of quantised matrices were rounded to.
  var activations: ActivationPrecision { evaluations.first?.options.activations ?? .int8 }
  public var isComplete: Bool { evaluations.allSatisfy(\.isComplete) }
  public var seconds: Double { evaluations.reduce(0) { $0 + $1.seconds } }

  /// As Formats/report.md has it.
  public var json: JSONValue {
    var object: JSONObject = [
      "format": "thimble-sweep", "version": 1, "reference": ["path": .string(referencePath)],
    ]
    evaluations.first?.describe(in: &object)
    object.set("isComplete", to: .bool(isComplete))
    object.set("seconds", to: .number(seconds))
    object.set(
      "points",
      to: .array(
        points.map { point in
          [
            "name": .string(point.name), "kind": .string(point.kind.rawValue),
            "bitsPerWeight": .number(point.bitsPerWeight), "size": JSONValue(point.byteCount),
            "measures": point.measures.json,
          ]
        }))
    return .object(object)
  }
}
