/// Hashes of texts such that those of all parts of a word follow from the hashes of its beginnings.
///
/// A text is a number with its bytes plus one as digits, modulo 2^64. Formats/tokenizer.md §5.
struct TextHash {
  /// The longest text of a symbol, in bytes.
  static let longestText = 255

  let multiplier: UInt64
  /// The powers of the multiplier, up to that of the longest text.
  private let powers: [UInt64]

  init(seed: UInt32) {
    let multiplier = (UInt64(seed) + 1) &* 0x9E37_79B9_7F4A_7C15 | 1
    var powers: [UInt64] = [1]
    for _ in 0..<Self.longestText { powers.append(powers[powers.count - 1] &* multiplier) }
    self.multiplier = multiplier
    self.powers = powers
  }

  /// The number of a text with one more byte.
  @inline(__always)
  func extended(_ number: UInt64, by byte: UInt8) -> UInt64 {
    number &* multiplier &+ UInt64(byte) &+ 1
  }

  /// The number of the part between two beginnings, of at most the longest text.
  @inline(__always)
  func part(from start: UInt64, to end: UInt64, count: Int) -> UInt64 {
    end &- start &* powers[count]
  }

  /// Spreads the number of a text; the same text inside and at the end of a word differs.
  @inline(__always)
  static func finished(_ number: UInt64, endsWord: Bool) -> UInt64 {
    var hash = number ^ (endsWord ? 0xA076_1D64_78BD_642F : 0)
    hash = (hash ^ hash >> 32) &* 0xD6E8_FEB8_6659_FD93
    hash = (hash ^ hash >> 29) &* 0xFF51_AFD7_ED55_8CCD
    return hash ^ hash >> 32
  }

  /// The hash of a symbol's text.
  func of(_ text: Span<UInt8>, endsWord: Bool) -> UInt64 {
    var number: UInt64 = 0
    for index in text.indices { number = extended(number, by: text[index]) }
    return Self.finished(number, endsWord: endsWord)
  }
}
