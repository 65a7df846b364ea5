/// How well an answer agrees with those that are right, as the official scripts of SQuAD have it.
package struct AnswerScore: Equatable {
  /// Whether it is one of them: 0 or 1.
  package let exactMatch: Double
  /// The best F1 of the words that it shares with one of them.
  package let f1: Double

  /// A word as Python has it: `String` would take canonically equivalent spellings for the same.
  typealias Word = [Unicode.Scalar]

  /// - Parameters:
  ///   - answer: empty for none.
  ///   - answers: texts that are right; empty if no answer is.
  ///   - allowsNone: whether the rules of version 2 hold, where no answer is right if all are empty, and wrong answers to
  ///     questions without share nothing.
  package init(_ answer: String, among answers: [String], allowsNone: Bool) {
    let found = Self.normalized(answer)
    var right = answers.map(Self.normalized)
    if allowsNone {
      right.removeAll(where: \.isEmpty)
      if right.isEmpty { right = [[]] }
    }
    exactMatch = right.contains(found) ? 1 : 0
    f1 = right.reduce(0) { max($0, Self.f1(found, $1, allowsNone: allowsNone)) }
  }

  private static func f1(_ found: [Word], _ right: [Word], allowsNone: Bool) -> Double {
    if allowsNone, found.isEmpty || right.isEmpty { return found == right ? 1 : 0 }
    var rest: [Word: Int] = [:]
    for word in right { rest[word, default: 0] += 1 }
    let shared = found.count { word in
      guard let count = rest[word], count > 0 else { return false }
      rest[word] = count - 1
      return true
    }
    guard shared > 0 else { return 0 }
    let (precision, recall) = (
      Double(shared) / Double(found.count), Double(shared) / Double(right.count)
    )
    return 2 * precision * recall / (precision + recall)
  }

  /// The words of `text` in lower case, without ASCII punctuation and the English articles.
  ///
  /// As Python does it, scalar by scalar.
  static func normalized(_ text: String) -> [Word] {
    var scalars = lowercased(text).filter { !isPunctuation($0) }
    removeArticles(&scalars)
    return scalars.split(whereSeparator: isSpace).map(Array.init)
  }

  private static func lowercased(_ text: String) -> [Unicode.Scalar] {
    let scalars = Array(text.unicodeScalars)
    return scalars.indices.flatMap { index -> [Unicode.Scalar] in
      guard scalars[index] == "Σ" else {
        return Array(scalars[index].properties.lowercaseMapping.unicodeScalars)
      }
      return [endsWord(scalars, index) ? "ς" : "σ"]
    }
  }

  /// Whether the sigma at `index` stands behind a letter with case, and before none.
  private static func endsWord(_ scalars: [Unicode.Scalar], _ index: Int) -> Bool {
    func isCased(_ part: some Sequence<Unicode.Scalar>) -> Bool {
      part.first { !$0.properties.isCaseIgnorable }?.properties.isCased ?? false
    }
    return isCased(scalars[..<index].reversed()) && !isCased(scalars[(index + 1)...])
  }

  /// Each article that is a word by itself becomes a space.
  private static func removeArticles(_ scalars: inout [Unicode.Scalar]) {
    var output: [Unicode.Scalar] = []
    var rest = scalars[...]
    while let first = rest.first {
      let word = isWord(first) ? rest.prefix(while: isWord) : rest.prefix { !isWord($0) }
      output +=
        ["a", "an", "the"].contains { word.elementsEqual($0.unicodeScalars) } ? [" "] : word
      rest = rest.dropFirst(word.count)
    }
    scalars = output
  }

  private static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "!"..."/", ":"..."@", "["..."`", "{"..."~": true
    default: false
    }
  }

  /// `\w` of Python's regular expressions.
  private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
      .decimalNumber, .letterNumber, .otherNumber:
      true
    default: scalar == "_"
    }
  }

  /// `str.isspace` of Python.
  private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.isWhitespace || ("\u{1C}"..."\u{1F}").contains(scalar)
  }
}
