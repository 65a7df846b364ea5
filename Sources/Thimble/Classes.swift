public import ThimbleArchitecture
internal import ThimbleSystem

/// A class and how likely it is.
public struct ClassScore: Sendable, Equatable {
  public let label: String
  /// A probability; of a regression the value itself.
  public let score: Double
}

/// The classes that a model sorts into, and how it scores them.
public struct Classes: Sendable {
  /// What makes scores of the numbers that a head yields.
  public enum Function: String, Sendable {
    /// One of the classes is right.
    case softmax
    /// Each class by itself may be right.
    case sigmoid
    /// The numbers as they are.
    case none
  }

  /// The names of the classes, in the order of their ids.
  public let labels: [String]
  /// The function that fits what the model was trained for.
  public let function: Function

  public init(_ configuration: ModelConfiguration) {
    labels = configuration.labels
    function =
      switch configuration.problemType {
      case .regression: .none
      case .multiLabel: .sigmoid
      default: labels.count == 1 ? .sigmoid : .softmax
      }
  }

  /// The classes with their scores, likeliest first.
  ///
  /// - Parameters:
  ///   - logits: one for each class, in the order of their ids.
  ///   - function: nil: the one that fits the model.
  public func ranked(_ logits: [Float], by function: Function? = nil) -> [ClassScore] {
    let scores = Self.scores(logits.map(Double.init), function ?? self.function)
    return scores.indices.sorted { (-scores[$0], $0) < (-scores[$1], $1) }
      .map { ClassScore(label: $0 < labels.count ? labels[$0] : "\($0)", score: scores[$0]) }
  }

  private static func scores(_ logits: [Double], _ function: Function) -> [Double] {
    switch function {
    case .none: return logits
    case .sigmoid: return logits.map { 1 / (1 + exponential(-$0)) }
    case .softmax:
      let largest = logits.max() ?? 0
      let exponentials = logits.map { exponential($0 - largest) }
      let sum = exponentials.reduce(0, +)
      return exponentials.map { $0 / sum }
    }
  }
}
