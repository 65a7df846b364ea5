public import ThimbleCheckpoint
public import ThimbleSystem

extension WeightElement {
  /// nil for numbers that are no weights.
  public init?(_ type: ElementType) {
    switch type {
    case .float32: self = .float32
    case .float16: self = .float16
    case .bfloat16: self = .bfloat16
    default: return nil
    }
  }
}
