/// What the Moses rules do differently from language to language.
struct LanguageRules {
  enum Apostrophes {
    /// `it 's`
    case withRight
    /// `l' été`
    case withLeft
    /// `a ' b`
    case alone
  }

  enum QuotesAndCommas {
    /// `",` becomes `,"`
    case outside
    /// `,"` becomes `",`
    case inside
    case unchanged
  }

  let apostrophes: Apostrophes
  let quotesAndCommas: QuotesAndCommas
  /// What a no-break space between digits becomes.
  let digitSeparator: Unicode.Scalar
  /// Classes of scalars that are letters of words.
  let alphanumeric: CharacterClass
  let alphabetic: CharacterClass
  private let prefixes: (plain: String, numeric: String)

  /// The rules of a language by its code; a language without rules has the prefixes of English.
  init(language: String) {
    apostrophes =
      switch language {
      case "en": .withRight
      case "fr", "it": .withLeft
      default: .alone
      }
    quotesAndCommas =
      switch language {
      case "en": .outside
      case "de", "es", "fr": .inside
      default: .unchanged
      }
    digitSeparator = ["de", "es", "cz", "cs", "fr"].contains(language) ? "," : "."
    let extra: CharacterClass = language == "ko" ? .hangul : []
    alphanumeric = CharacterClass.alphanumeric.union(extra)
    alphabetic = CharacterClass.alphabetic.union(extra)
    prefixes = nonbreakingPrefixes(of: language) ?? nonbreakingPrefixes(of: "en") ?? ("", "")
  }

  func isAlphabetic(_ scalar: SourceScalar) -> Bool {
    !scalar.classes.isDisjoint(with: alphabetic)
  }

  func isAlphanumeric(_ scalar: SourceScalar) -> Bool {
    !scalar.classes.isDisjoint(with: alphanumeric)
  }

  /// Whether the word before a period is an abbreviation that keeps it.
  func isPlainPrefix(_ word: Span<UInt8>) -> Bool { find(word, in: prefixes.plain) }

  /// Whether the word before a period keeps it if a number follows.
  func isNumericPrefix(_ word: Span<UInt8>) -> Bool { find(word, in: prefixes.numeric) }

  /// Looks for a word in a sorted list with a space after each entry.
  private func find(_ word: Span<UInt8>, in list: String) -> Bool {
    let list = list.utf8.span
    var low = 0
    var high = list.count
    while low < high {
      var start = (low + high) / 2
      while start > low, list[start - 1] != 0x20 { start -= 1 }
      var end = start
      var order = 0
      while list[end] != 0x20 {
        if order == 0 {
          let index = end - start
          order = index < word.count ? Int(word[index]) - Int(list[end]) : -1
        }
        end += 1
      }
      if order == 0, word.count == end - start { return true }
      if order < 0 { high = start } else { low = end + 1 }
    }
    return false
  }
}
