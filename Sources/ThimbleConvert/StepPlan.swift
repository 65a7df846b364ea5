internal import ThimbleArchitecture
internal import ThimbleSystem

/// Which step each matrix gets, all of them governed by one number.
///
/// The same step, relative to the spread of the weights, for all matrices; a finer one where an
/// error costs more.
struct StepPlan {
  /// One a tensor of the source: its step at fineness 1.
  private let unitSteps: [Double]

  /// - Parameters:
  ///   - spreads: the root mean square of each tensor's weights; 0 if it is not quantised.
  ///   - costs: as `RoundingGuide` has them.
  init(_ tensors: [SourceTensor], spreads: [Double], costs: [String: Double] = [:]) {
    let corrections = Self.corrections(tensors, costs)
    unitSteps = zip(tensors, spreads).map { tensor, spread in
      // A matrix of zeros is kept by any step.
      guard spread > 0 else { return 1 }
      return spread * Self.coarseness(tensor.tensor) / Self.meanRowCoarseness(tensor)
        * (corrections[tensor.name] ?? 1)
    }
  }

  /// What the steps of matrices with known costs are multiplied by.
  ///
  /// A bit more for every weight of a matrix divides its cost by four, whichever it is: bits are best
  /// spent when a weight costs the same everywhere. The geometric mean of the steps stays.
  private static func corrections(
    _ tensors: [SourceTensor], _ costs: [String: Double]
  ) -> [String: Double] {
    let known = tensors.compactMap { tensor in
      costs[tensor.name].flatMap { $0 > 0 && $0.isFinite ? (tensor, logarithm($0)) : nil }
    }
    let weights = known.reduce(0) { $0 + Double($1.0.weightCount) }
    let mean = known.reduce(0) { $0 + Double($1.0.weightCount) * $1.1 } / weights
    return Dictionary(
      known.map { tensor, cost in
        let octaves = Self.trust * (mean - cost) / (2 * logarithm(2))
        return (tensor.name, powerOfTwo(min(max(octaves, -Self.mostOctaves), Self.mostOctaves)))
      }, uniquingKeysWith: { first, _ in first })
  }

  // Measured costs are a little wrong; to follow them all the way does worse than three quarters.
  private static let trust = 0.75
  // A cost that is lost in the noise must not leave nothing of a matrix.
  private static let mostOctaves = 1.5

  /// The step of tensor `index` at `fineness`, in steps per root mean square.
  func step(of index: Int, fineness: Double) -> Float {
    let valid = StepTable.validSteps
    return min(max(Float(unitSteps[index] / fineness), valid.lowerBound), valid.upperBound)
  }

  /// The least scale code that blocks of panel `panel` have: eighths of octaves above the step.
  ///
  /// Vocabularies are sorted by how often their tokens occur, and tokens occur about inversely to
  /// their rank. What an error costs goes with that, and the best step with its square root, were
  /// tokens everything that counts; 0.4 does better, and leaves more to rare ones.
  static func leastScaleCode(_ tensor: ModelTensor, panel: Int) -> Int {
    guard tensor.role == .tokenEmbedding else { return 0 }
    return Int((8 * 0.4 * logarithm(Double(panel + 1)) / logarithm(2)).rounded())
  }

  /// The geometric mean, over the rows, of what `leastScaleCode` does to their steps.
  private static func meanRowCoarseness(_ tensor: SourceTensor) -> Double {
    let panels = (tensor.rows + PanelGeometry.panelRows - 1) / PanelGeometry.panelRows
    let sum = (0..<panels).reduce(0) { $0 + leastScaleCode(tensor.tensor, panel: $1) }
    return powerOfTwo(Double(sum) / Double(8 * max(panels, 1)))
  }

  /// The step of a matrix relative to others of its spread.
  ///
  /// By measurement on trained models: errors of queries and keys are softened by the softmax, those
  /// of values and of what leaves the attention go straight on.
  private static func coarseness(_ tensor: ModelTensor) -> Double {
    switch tensor.role {
    case .tokenEmbedding: 1.3
    // One in a thousand weights, and added to every token: more bits there cost nothing.
    case .positionEmbedding: 0.5
    case .linearWeight where tensor.group == .attention:
      tensor.part == .query || tensor.part == .key ? 1.6 : 0.8
    case .linearWeight where tensor.group == .feedForward: 1.1
    default: 1
    }
  }
}
