internal import ThimbleArchitecture
internal import ThimbleSystem

/// Which step each matrix gets, all of them governed by one number.
///
/// The same step, relative to the spread of the weights, for all matrices; a finer one where an
/// error costs more.
struct StepPlan {
  /// One a tensor of the source: its step at fineness 1.
  private let unitSteps: [Double]

  /// - Parameter spreads: the root mean square of each tensor's weights; 0 if it is not quantised.
  init(_ tensors: [SourceTensor], spreads: [Double]) {
    unitSteps = zip(tensors, spreads).map { tensor, spread in
      // A matrix of zeros is kept by any step.
      spread > 0 ? spread / Self.relativeFineness(tensor.tensor.role) : 1
    }
  }

  /// The step of tensor `index` at `fineness`, in steps per root mean square.
  func step(of index: Int, fineness: Double) -> Float {
    let valid = StepTable.validSteps
    return min(max(Float(unitSteps[index] / fineness), valid.lowerBound), valid.upperBound)
  }

  private static func relativeFineness(_ role: XLMTensor.Role) -> Double {
    // One in a thousand weights, and added to every token: two more bits there cost nothing.
    role == .positionEmbedding ? 4 : 1
  }
}
