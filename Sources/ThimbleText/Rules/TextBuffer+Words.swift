// The Moses tokenizer in the form that sacremoses 0.2.0 gives it, without escapes, protected
// patterns and splitting of dashes.

extension TextBuffer {
  /// Splits the text into words.
  ///
  /// - Parameters: words: Overwritten with the ranges of the words in `scalars`. bytes: Scratch.
  mutating func splitIntoWords(
    _ rules: LanguageRules, words: inout [Range<Int>], bytes: inout [UInt8]
  ) {
    strip()
    setSignsApart(rules)
    splitCommas()
    splitApostrophes(rules)
    words.removeAll(keepingCapacity: true)
    forEachRun { appendWord($0, rules, to: &words, &bytes) }
    splitClosingQuote(&words)
    restoreDots(&words)
  }

  /// Takes what lies between white space for words.
  func splitAtWhiteSpace(words: inout [Range<Int>]) {
    words.removeAll(keepingCapacity: true)
    forEachRun { words.append($0) }
  }

  /// Calls `body` with every run of scalars that are no white space.
  private func forEachRun(_ body: (Range<Int>) -> Void) {
    var start = 0
    for index in 0...scalars.count where index == scalars.count || scalars[index].isSpace {
      if start < index { body(start..<index) }
      start = index + 1
    }
  }

  /// Puts spaces around what is no part of words, and around runs of dots.
  private mutating func setSignsApart(_ rules: LanguageRules) {
    let isTouched = { (text: Span<SourceScalar>, index: Int) in
      let scalar = text[index]
      if rules.isAlphanumeric(scalar) { return false }
      switch scalar.value {
      case 0x27, 0x60, 0x2C, 0x2D: return false
      case 0x2E: return index + 1 < text.count && text[index + 1] == "."
      case 0x20: return index > 0 && text[index - 1].isSpace
      default: return true
      }
    }
    rewrite(where: isTouched) { text, index, output in
      let scalar = text[index]
      if scalar.isSpace {
        if index == 0 || !text[index - 1].isSpace { output.append(scalar.replaced(by: 0x20)) }
        return 1
      }
      let end = scalar == "." ? text[index...].firstIndex { $0 != "." } ?? text.count : index + 1
      output.append(scalar.spaceBefore)
      output.append(contentsOf: text[index..<end])
      // At the end of the text nothing follows a run of dots, nor does a space.
      if scalar != "." || end < text.count { output.append(text[end - 1].spaceAfter) }
      return end - index
    }
  }

  /// Splits commas off, except between numbers.
  private mutating func splitCommas() {
    guard presence.contains(",") else { return }
    let comma: UInt32 = 0x2C
    rewrite(at: comma, offset: 1) { text, index, output in
      guard !text[index].classes.contains(.number) else { return 0 }
      output.append(text[index])
      Self.appendAlone(text[index + 1], to: &output)
      return 2
    }
    rewrite(at: comma) { text, index, output in
      guard index + 1 < text.count, !text[index + 1].classes.contains(.number) else { return 0 }
      Self.appendAlone(text[index], to: &output)
      output.append(text[index + 1])
      return 2
    }
    if scalars.count > 1, let last = scalars.last, last == ",",
      scalars[scalars.count - 2].classes.contains(.number)
    {
      scalars.removeLast()
      Self.appendAlone(last, to: &scalars)
    }
  }

  private mutating func splitApostrophes(_ rules: LanguageRules) {
    guard presence.contains("'") else { return }
    let isAlpha = rules.isAlphabetic
    let isNumber = { (scalar: SourceScalar) in scalar.classes.contains(.number) }
    switch rules.apostrophes {
    case .withRight:
      splitApostrophe(.bothSides) { !isAlpha($0) && !isAlpha($1) }
      splitApostrophe(.bothSides) { !isAlpha($0) && !isNumber($0) && isAlpha($1) }
      splitApostrophe(.bothSides) { isAlpha($0) && !isAlpha($1) }
      splitApostrophe(.left) { isAlpha($0) && isAlpha($1) }
      splitApostrophe(.left) { isNumber($0) && $1 == "s" }
    case .withLeft:
      splitApostrophe(.bothSides) { !isAlpha($0) && !isAlpha($1) }
      splitApostrophe(.bothSides) { !isAlpha($0) && isAlpha($1) }
      splitApostrophe(.bothSides) { isAlpha($0) && !isAlpha($1) }
      splitApostrophe(.right) { isAlpha($0) && isAlpha($1) }
    case .alone:
      rewrite(at: 0x27) { text, index, output in
        Self.appendAlone(text[index], to: &output)
        return 1
      }
    }
  }

  private enum Sides { case left, right, bothSides }

  /// Puts spaces beside the apostrophes whose neighbours on the left and right fit.
  @inline(__always)
  private mutating func splitApostrophe(
    _ sides: Sides, _ fits: (SourceScalar, SourceScalar) -> Bool
  ) {
    rewrite(at: 0x27, offset: 1) { text, index, output in
      guard index + 2 < text.count, fits(text[index], text[index + 2]) else { return 0 }
      let apostrophe = text[index + 1]
      output.append(text[index])
      if sides != .right { output.append(apostrophe.spaceBefore) }
      output.append(apostrophe)
      if sides != .left { output.append(apostrophe.spaceAfter) }
      output.append(text[index + 2])
      return 3
    }
  }

  private static func appendAlone(_ scalar: SourceScalar, to output: inout [SourceScalar]) {
    output.append(scalar.spaceBefore)
    output.append(scalar)
    output.append(scalar.spaceAfter)
  }
}
