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
    let scores = scores(logits, by: function)
    return scores.indices.sorted { (-scores[$0], $0) < (-scores[$1], $1) }
      .map { ClassScore(label: $0 < labels.count ? labels[$0] : "\($0)", score: scores[$0]) }
  }

  /// The score of every class, in the order of their ids.
  func scores(_ logits: [Float], by function: Function? = nil) -> [Double] {
    let logits = logits.map(Double.init)
    return switch function ?? self.function {
    case .none: logits
    case .sigmoid: logits.map(sigmoid)
    case .softmax: softmax(logits)
    }
  }
}
