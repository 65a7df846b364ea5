/// What the tokenizer's rules ask about one Unicode scalar.
///
/// The answers are those of the Python packages that define the rules (Unicode 14.0, and for the
/// Moses classes whatever sacremoses holds), not those of the Swift runtime.
struct CharacterClass: OptionSet {
  let rawValue: UInt16

  // Bit numbers are those of Tools/tokenizer-tables.
  /// A number, for the rule of commas (Moses `IsN`).
  static let number = Self(rawValue: 1 << 0)
  /// Part of a word (Moses `IsAlnum`); the Hangul of Korean is a class of its own.
  static let alphanumeric = Self(rawValue: 1 << 1)
  /// A letter, for the rules of apostrophes and periods (Moses `IsAlpha`).
  static let alphabetic = Self(rawValue: 1 << 2)
  /// A lower-case letter, for the rule of periods (Moses `IsLower`).
  static let lowerCase = Self(rawValue: 1 << 3)
  /// General category C: control, format, surrogate, private use, unassigned.
  static let control = Self(rawValue: 1 << 4)
  /// White space in Python's sense.
  static let space = Self(rawValue: 1 << 5)
  /// General category Nd.
  static let digit = Self(rawValue: 1 << 6)
  /// General category Mn.
  static let nonSpacingMark = Self(rawValue: 1 << 7)
  /// Canonical combining class other than 0.
  static let nonStarter = Self(rawValue: 1 << 8)
  /// Lower-casing changes it.
  static let lowers = Self(rawValue: 1 << 9)
  /// Lower-casing, decomposing and dropping accents changes it to something else than nothing.
  static let folds = Self(rawValue: 1 << 10)
  /// Alphabetic where the language is Korean.
  static let hangul = Self(rawValue: 1 << 11)
  /// A letter with case, for the rule of the final sigma.
  static let cased = Self(rawValue: 1 << 12)
  /// Invisible to the rule of the final sigma.
  static let caseIgnorable = Self(rawValue: 1 << 13)
  /// Alphabetic in Unicode: a letter to the Perl scripts by which training text was split.
  static let letter = Self(rawValue: 1 << 14)
  /// NFC may change it, alone or together with what stands before it.
  static let recomposes = Self(rawValue: 1 << 15)

  /// The classes of `scalar`; none beyond U+10FFFF.
  @inline(__always)
  static func of(_ scalar: UInt32) -> CharacterClass {
    guard scalar <= 0x10FFFF else { return [] }
    let block = byte(Int(scalar >> 7), of: characterBlocks)
    let combination = byte(block << 7 | Int(scalar & 127), of: characterCombinations)
    return CharacterClass(rawValue: characterClasses[combination])
  }

  @inline(__always)
  private static func byte(_ index: Int, of words: [UInt64]) -> Int {
    Int(truncatingIfNeeded: words[index >> 3] >> UInt64((index & 7) << 3)) & 0xFF
  }
}
