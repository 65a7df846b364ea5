/// Which signs may occur in a text, so that rules about others need not look.
///
/// Exact for ASCII; for the punctuation beyond it one bit stands for every 64th scalar. Only ever
/// too large: a rule that is not skipped just finds nothing.
struct Presence {
  private var low: UInt64 = 0
  private var high: UInt64 = 0
  private var other: UInt64 = 0
  /// Whether scalars of general category C may occur.
  var hasControls = false
  /// Whether white space other than single spaces may occur.
  var hasOddSpace = false

  @inline(__always)
  mutating func note(_ value: UInt32) {
    let bit: UInt64 = 1 << UInt64(value & 63)
    if value < 64 {
      low |= bit
    } else if value < 128 {
      high |= bit
    } else if Self.isPunctuation(value) {
      other |= bit
    }
  }

  @inline(__always)
  func contains(_ value: UInt32) -> Bool {
    let bits = value < 64 ? low : value < 128 ? high : other
    return bits & 1 << UInt64(value & 63) != 0
  }

  func contains(_ scalar: Unicode.Scalar) -> Bool { contains(scalar.value) }

  /// Whether a sign of `other` may occur.
  @inline(__always)
  func intersects(_ signs: Presence) -> Bool {
    low & signs.low | high & signs.high | other & signs.other != 0
  }

  /// Latin-1 signs, general punctuation to arrows and shapes, CJK and full-width signs: where all
  /// the signs lie that rules are about.
  private static func isPunctuation(_ value: UInt32) -> Bool {
    value < 0xC0 || value >= 0x2000 && value < 0x2600 || value >= 0x3000 && value < 0x3040
      || value >= 0xFF00 && value < 0xFFF0
  }
}
