import Testing
import ThimbleTestSupport
import ThimbleText

/// What holds of every text, whatever is in it.
struct AnyTextTests {
  private static let signs = Array(
    """
    aAéΣσİ .,'\"`()%:;-«»…。．，’„—DOTMULTI\u{A0}\u{200B}\u{301}\u{302E}\u{16FF0}\r\n\t<5９北京大กาำ์한ह्
    """.unicodeScalars)

  private static func text(_ random: inout SeededRandom) -> String {
    var text = String.UnicodeScalarView()
    for _ in 0..<Int.random(in: 0...40, using: &random) {
      if Int.random(in: 0..<4, using: &random) > 0 {
        let count = Int.random(in: 0..<40, using: &random) == 0 ? 60 : 1
        let sign = signs.randomElement(using: &random) ?? "a"
        text.append(contentsOf: repeatElement(sign, count: count))
      } else if let scalar = Unicode.Scalar(UInt32.random(in: 0...0x10FFFF, using: &random)) {
        text.append(scalar)
      }
    }
    return String(text)
  }

  /// Whether a scalar is a sign that no mode drops: assigned in Unicode 14, no mark, no white space.
  private static func isKept(_ scalar: Unicode.Scalar) -> Bool {
    guard let age = scalar.properties.age, age.major <= 14 else { return false }
    return switch scalar.properties.generalCategory {
    case .control, .format, .privateUse, .surrogate, .unassigned: false
    case .nonspacingMark, .spaceSeparator, .lineSeparator, .paragraphSeparator: false
    default: true
    }
  }

  @Test(
    "ranges are in order and in the text, and cover every letter, number and sign",
    arguments: EncodingOptions.Mode.allCases, [nil, "en", "de", "fr", "ko", "ro", "zh", "th"])
  func ranges(mode: EncodingOptions.Mode, language: String?) throws {
    let seed: UInt64 = 0x746F_6B65_6E73
    for (kind, lowercases) in [(.xlm, false), (.xlm, true), (.flaubert, false), (.flaubert, true)]
      as [(TokenizerTables.Kind, Bool)]
    {
      var random = SeededRandom(seed: seed)
      var tokenizer = Tokenizer(
        tables: try SharedTables.withDictionaries(kind: kind, lowercases: lowercases))
      let options = EncodingOptions(mode: mode, language: language, ends: .none)
      for round in 0..<150 {
        let text = Self.text(&random)
        var isCovered = [Bool](repeating: false, count: text.utf8.count)
        var last = 0..<0
        for token in try tokenizer.encode(text, options) {
          let range = token.range
          #expect(
            range.lowerBound >= last.lowerBound && range.upperBound >= last.upperBound
              && !range.isEmpty && range.upperBound <= isCovered.count,
            "seed \(seed), round \(round): \(text.debugDescription)")
          for byte in range.clamped(to: isCovered.indices) { isCovered[byte] = true }
          last = range
        }
        var byte = 0
        for scalar in text.unicodeScalars {
          #expect(
            isCovered[byte] || !Self.isKept(scalar),
            "seed \(seed), round \(round): \(scalar.debugDescription) in \(text.debugDescription)")
          byte += UTF8.width(scalar)
        }
      }
    }
  }
}
