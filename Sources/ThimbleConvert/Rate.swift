/// How small the file shall become.
public enum Rate: Sendable, Equatable {
  /// Bits per weight: all bytes but those of configuration and tokenizer, over the number of weights.
  case bits(Double)
  /// The most bytes that the whole file may have.
  case size(Int)
  case quality(Quality)
}

/// Named choices of how fine the weights are kept.
///
/// Each stands for the step of a matrix in units of the root mean square of its weights. The bits per
/// weight are those of nearly normal weights; a checkpoint of its own kind has a little more or less.
public enum Quality: String, Sendable, CaseIterable {
  /// 4.1 bits per weight.
  case tiny
  /// 5.1 bits per weight.
  case small
  /// 6.1 bits per weight.
  case balanced
  /// 6.7 bits per weight.
  case high
  /// 7.1 bits per weight.
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
}

extension Rate {
  /// Reads a size such as "430MB", "1.5GiB" or "500000B".
  ///
  /// - Returns: bytes, at least 1; nil if `text` is no number with one of the units B, kB, MB, GB, KiB, MiB
  ///   and GiB, or is 2^53 bytes or more.
  public static func byteCount(_ text: String) -> Int? {
    let number = text.prefix { $0.isASCII && $0.isNumber || $0 == "." }
    guard let value = Double(number), let unit = units[String(text[number.endIndex...])] else {
      return nil
    }
    let bytes = value * unit
    return bytes >= 1 && bytes < 0x1p53 ? Int(bytes) : nil
  }

  private static let units: [String: Double] = [
    "B": 1, "kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 0x1p10, "MiB": 0x1p20, "GiB": 0x1p30,
  ]
}
