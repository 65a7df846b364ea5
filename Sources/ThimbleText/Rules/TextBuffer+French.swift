// What FlaubertTokenizer of transformers 4.57 does to a text before Moses' rules.

extension TextBuffer {
  /// Doubled back-ticks and apostrophes become quotes, the text is composed (NFC) and, if asked for, lower-cased.
  mutating func prepareFrench(lowercases: Bool) {
    doubledQuotes.apply(to: &self)
    if scalars.contains(where: { $0.classes.contains(.recomposes) }) {
      scalars = scalars.composed()
      // Some signs are equivalent to others that rules are about.
      for scalar in scalars { presence.note(scalar.value) }
    }
    if lowercases { lowercase() }
  }

  /// Lower case by the rules of Unicode; a sigma at the end of a word becomes a final one.
  private mutating func lowercase() {
    var notes = presence
    rewrite(where: { $0[$1].classes.contains(.lowers) }) { text, index, output in
      let scalar = text[index]
      if scalar == "Σ" {
        let isFinal = isFinalSigma(index, text, text.indices)
        output.append(scalar.replaced(by: isFinal ? 0x3C2 : 0x3C3))
        return 1
      }
      let (first, second) = lowerCased(scalar.value)
      output.append(scalar.replaced(by: first))
      notes.note(first)
      if second != 0 { output.append(scalar.replaced(by: second)) }
      return 1
    }
    presence = notes
  }
}

private let doubledQuotes = LiteralRules(["``": "\"", "''": "\""])
