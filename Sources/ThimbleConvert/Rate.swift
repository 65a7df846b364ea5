/// How small the file shall become.
public enum Rate: Sendable, Equatable {
  /// Bits per weight, above 0: all bytes but those of configuration and tokenizer count.
  case bits(Double)
  /// The most bytes that the whole file may have, at least 1.
  case size(Int)
  case quality(Quality)
}

/// Named choices of how fine the weights are kept.
///
/// Each stands for the step of a matrix in units of the root mean square of its weights. The bits
/// per weight are those of nearly normal weights; other weights have a little more or less.
public enum Quality: String, Sendable, CaseIterable {
  /// 4.1 bits per weight.
  case tiny
  /// 5.1 bits per weight.
  case small
  /// 6.1 bits per weight.
  case balanced
  /// 6.7 bits per weight.
  case high
  /// 7.0 bits per weight.
  case nearLossless = "near-lossless"

  /// Steps per root mean square.
  var fineness: Double {
    switch self {
    case .tiny: 4
    case .small: 8
    case .balanced: 16
    case .high: 24
    case .nearLossless: 32
    }
  }

  /// About how many bits per weight that is.
  public var usualBits: Double {
    switch self {
    case .tiny: 4.1
    case .small: 5.1
    case .balanced: 6.1
    case .high: 6.7
    case .nearLossless: 7
    }
  }
}
