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

  enum Controls {
    /// Their neighbours are joined.
    case deleted
    case blank
  }

  let apostrophes: Apostrophes
  let quotesAndCommas: QuotesAndCommas
  /// What a no-break space between digits becomes.
  let digitSeparator: Unicode.Scalar
  /// What becomes of scalars of general category C.
  let controls: Controls
  /// Whether Romanian letters lose their marks.
  let foldsRomanian: Bool
  /// Classes of scalars that are letters of words.
  let alphanumeric: CharacterClass
  let alphabetic: CharacterClass
  private let prefixes: (plain: String, numeric: String)

  /// - Parameters:
  ///   - language: A code; a language without rules has the prefixes of English.
  ///   - mode: Whose idea of letters and control characters counts: sacremoses' or, in `faithful`,
  ///     that of the Perl scripts.
  ///   - foldsRomanian: Whether Romanian letters lose their marks if that is the language.
  init(language: String, mode: EncodingOptions.Mode, foldsRomanian: Bool) {
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
    if mode == .faithful {
      controls = .blank
      alphabetic = .letter
      alphanumeric = [.letter, .digit]
    } else {
      controls = .deleted
      let extra: CharacterClass = language == "ko" ? .hangul : []
      alphabetic = CharacterClass.alphabetic.union(extra)
      alphanumeric = CharacterClass.alphanumeric.union(extra)
    }
    self.foldsRomanian = foldsRomanian && language == "ro"
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

/// Languages whose words are not parted by white space, and which therefore need a dictionary.
let segmentedLanguages = ["zh", "th", "ja"]

extension TokenizerTables {
  /// The codes that a text's language may have: those of the model's languages, and those for which
  /// there are rules. Any other code has the prefixes of English, and is probably misspelled.
  public var knownLanguages: [String] {
    if kind == .flaubert { return ["fr"] }
    let known = languages
    let others = languagesWithPrefixes + segmentedLanguages + ["ko"]
    return known + Set(others).subtracting(known).sorted()
  }
}
