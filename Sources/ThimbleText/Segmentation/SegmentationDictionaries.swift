/// The dictionaries by which text without spaces is split into words.
public struct SegmentationDictionaries: Sendable {
  public var chinese: ChineseDictionary?
  public var thai: ThaiDictionary?

  public init(chinese: ChineseDictionary? = nil, thai: ThaiDictionary? = nil) {
    self.chinese = chinese
    self.thai = thai
  }
}

/// Chinese words with frequencies, and perhaps a model of the characters in words.
public struct ChineseDictionary: Sendable {
  let words: [UInt8]
  let model: [UInt8]

  /// Reads jieba's dict.txt: a line for each word, with its frequency behind it.
  ///
  /// A line that begins with a tab is part of the model, as Tools/tokenizer-dictionaries writes it:
  /// `start B x`, `transition B E x` or `emission B 一 x`, with the logarithm of a probability.
  ///
  /// - Throws: `TextError.badDictionary`.
  public init(parsing bytes: Span<UInt8>) throws(TextError) {
    var list: [(word: [UInt32], frequency: Int)] = []
    var start = [Double](repeating: CharacterModel.impossible, count: 4)
    var transitions = [Double](repeating: CharacterModel.impossible, count: 16)
    var emissions: [UInt32: [Double]] = [:]
    try forEachLine(bytes) { line, number throws(TextError) in
      let fields = line.utf8.split { $0 == 0x20 || $0 == 0x09 }.map { String($0) ?? "" }
      if fields.isEmpty { return }
      if line.utf8.first == 0x09 {
        let states = fields.dropFirst().dropLast().map {
          "BEMS".utf8.firstIndex(of: $0.utf8.first ?? 0)?.utf16Offset(in: "BEMS")
        }
        let value = fields.last.flatMap { Double($0) }
        switch (fields[0], value, states.first ?? nil) {
        case ("start", let value?, let state?): start[state] = value
        case ("transition", let value?, let state?) where states.count == 2 && states[1] != nil:
          transitions[state * 4 + (states[1] ?? 0)] = value
        case ("emission", let value?, let state?) where fields.count == 4:
          let scalar = fields[2].unicodeScalars.first?.value ?? 0
          emissions[scalar, default: [Double](repeating: CharacterModel.impossible, count: 4)][
            state] = value
        default: throw .badDictionary(reason: "line \(number) is no part of a model")
        }
        return
      }
      guard fields.count >= 2, let frequency = Int(fields[1]),
        (0...WordTrie.highestFrequency).contains(frequency)
      else {
        throw .badDictionary(
          reason: "line \(number) has no frequency in 0...\(WordTrie.highestFrequency)")
      }
      list.append((fields[0].unicodeScalars.map(\.value), frequency))
    }
    words = try WordTrie.build(list)
    model =
      emissions.isEmpty
      ? [] : CharacterModel.build(start: start, transitions: transitions, emissions: emissions)
  }
}

/// Thai words.
public struct ThaiDictionary: Sendable {
  let words: [UInt8]

  /// Reads a list with a word in each line.
  ///
  /// - Throws: `TextError.badDictionary`.
  public init(parsing bytes: Span<UInt8>) throws(TextError) {
    var list: [(word: [UInt32], frequency: Int)] = []
    try forEachLine(bytes) { line, _ throws(TextError) in
      let word = line.unicodeScalars.drop { $0.properties.isWhitespace }
      if !word.isEmpty { list.append((word.map(\.value), 1)) }
    }
    words = try WordTrie.build(list)
  }
}

/// Calls `body` with every line of UTF-8 text and its number, from 1.
private func forEachLine(
  _ bytes: Span<UInt8>, _ body: (String, Int) throws(TextError) -> Void
) throws(TextError) {
  var line: [UInt8] = []
  var number = 0
  for index in 0...bytes.count {
    if index < bytes.count, bytes[index] != 0x0A {
      line.append(bytes[index])
      continue
    }
    number += 1
    if line.last == 0x0D { line.removeLast() }
    guard let text = String(validating: line, as: UTF8.self) else {
      throw .badDictionary(reason: "line \(number) is not UTF-8")
    }
    try body(text, number)
    line.removeAll(keepingCapacity: true)
  }
}
