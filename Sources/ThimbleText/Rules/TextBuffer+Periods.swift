extension TextBuffer {
  /// Appends a word, and its period as another one unless it belongs to an abbreviation.
  func appendWord(
    _ word: Range<Int>, _ rules: LanguageRules, to words: inout [Range<Int>],
    _ bytes: inout [UInt8]
  ) {
    if endsInPeriod(word) {
      let next = scalars[word.upperBound...].first { !$0.isSpace }
      if !keepsPeriod(word.dropLast(), next: next, rules, &bytes) {
        words.append(word.dropLast())
        words.append(word.upperBound - 1..<word.upperBound)
        return
      }
    }
    words.append(word)
  }

  /// Whether a word is something and one period. Runs of dots are words of their own by now.
  private func endsInPeriod(_ word: Range<Int>) -> Bool {
    word.count > 1 && scalars[word.upperBound - 1] == "." && scalars[word.upperBound - 2] != "."
  }

  /// - Parameters: word: Without its period. next: The first scalar of the next word.
  private func keepsPeriod(
    _ word: Range<Int>, next: SourceScalar?, _ rules: LanguageRules, _ bytes: inout [UInt8]
  ) -> Bool {
    let hasPeriod = scalars[word].contains { $0 == "." }
    if hasPeriod, scalars[word].contains(where: rules.isAlphabetic) { return true }
    bytes.removeAll(keepingCapacity: true)
    for scalar in scalars[word] { forEachByte(of: scalar.value) { bytes.append($0) } }
    let isNumeric = rules.isNumericPrefix(bytes.span)
    if !isNumeric, rules.isPlainPrefix(bytes.span) { return true }
    guard let next else { return false }
    return next.classes.contains(.lowerCase) || isNumeric && next.isASCIIDigit
  }

  /// Splits a `.'` at the end of the text.
  func splitClosingQuote(_ words: inout [Range<Int>]) {
    guard let last = words.last, last.count > 1, scalars[last.upperBound - 1] == "'",
      scalars[last.upperBound - 2] == "."
    else { return }
    words.removeLast()
    if last.count > 2 { words.append(last.lowerBound..<last.upperBound - 2) }
    words.append(last.upperBound - 2..<last.upperBound - 1)
    words.append(last.upperBound - 1..<last.upperBound)
  }

  /// Turns the letters by which sacremoses marks runs of dots into dots, wherever they stood in
  /// the text before: `DOTDOTMULTI` becomes `..`.
  mutating func restoreDots(_ words: inout [Range<Int>]) {
    let marker: [7 of Unicode.Scalar] = ["D", "O", "T", "M", "U", "L", "I"]
    for index in marker.indices where !presence.contains(marker[index]) { return }
    for index in words.indices { restoreDots(in: &words[index]) }
  }

  private mutating func restoreDots(in word: inout Range<Int>) {
    var read = word.lowerBound
    var write = read
    while read < word.upperBound {
      var dots = 0
      while has("DOT", at: read + 3 * dots, before: word.upperBound) { dots += 1 }
      if dots > 0, has("MULTI", at: read + 3 * dots, before: word.upperBound) {
        for dot in 0..<dots {
          let end = dot + 1 < dots ? read + 3 * dot + 2 : read + 3 * dot + 7
          scalars[write] = SourceScalar(
            ".", start: scalars[read + 3 * dot].start, end: scalars[end].end)
          write += 1
        }
        read += 3 * dots + 5
      } else {
        // Without MULTI behind them, no part of these letters is a marker.
        for _ in 0..<max(3 * dots, 1) {
          scalars[write] = scalars[read]
          read += 1
          write += 1
        }
      }
    }
    word = word.lowerBound..<write
  }

  private func has(_ letters: String, at index: Int, before end: Int) -> Bool {
    var position = index
    for letter in letters.unicodeScalars {
      guard position < end, scalars[position] == letter else { return false }
      position += 1
    }
    return true
  }
}
