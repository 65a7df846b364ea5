/// Reads the lines of a dictionary.
struct DictionaryReader {
  private(set) var words: [(scalars: [UInt32], frequency: Int)] = []
  private(set) var model = CharacterModel.Values()

  /// A line of jieba's dict.txt: a word, its frequency and perhaps more. One that begins with a tab
  /// is a part of the model.
  mutating func readChinese(_ line: String, _ number: Int) throws(TextError) {
    let fields = line.utf8.split { $0 == 0x20 || $0 == 0x09 }.map { Substring($0) }
    guard let word = fields.first else { return }
    if line.utf8.first == 0x09 {
      guard add(toModel: fields) else {
        throw .badDictionary(reason: "line \(number) is not part of a model")
      }
      return
    }
    guard fields.count > 1, let frequency = Int(fields[1]),
      (0...WordTrie.highestFrequency).contains(frequency)
    else {
      throw .badDictionary(
        reason: "line \(number) has no frequency in 0...\(WordTrie.highestFrequency)")
    }
    try add(word, frequency, number)
  }

  /// A line that is a word.
  mutating func readThai(_ line: String, _ number: Int) throws(TextError) {
    let word = line.unicodeScalars.drop { $0.properties.isWhitespace }
    guard let end = word.lastIndex(where: { !$0.properties.isWhitespace }) else { return }
    try add(Substring(word[...end]), 1, number)
  }

  private mutating func add(
    _ word: Substring, _ frequency: Int, _ number: Int
  ) throws(TextError) {
    let scalars = word.unicodeScalars.map(\.value)
    guard scalars.count <= WordTrie.longestWord else {
      throw .badDictionary(
        reason: "the word in line \(number) has \(scalars.count) characters; the limit is "
          + "\(WordTrie.longestWord)")
    }
    words.append((scalars, frequency))
  }

  /// - Returns: whether the fields are a part of a model.
  private mutating func add(toModel fields: [Substring]) -> Bool {
    guard let value = fields.last.flatMap({ Double($0) }), CharacterModel.isPossible(value) else {
      return false
    }
    let states = fields.dropFirst().dropLast().map { CharacterModel.stateNames.firstIndex(of: $0) }
    switch (fields[0], states.count) {
    case ("start", 1):
      guard let state = states[0] else { return false }
      model.start[state] = value
    case ("transition", 2):
      guard let from = states[0], let to = states[1] else { return false }
      model.transitions[from * CharacterModel.states + to] = value
    case ("emission", 2):
      let signs = fields[2].unicodeScalars
      guard let state = states[0], let sign = signs.first, signs.count == 1 else { return false }
      model.emissions[sign.value, default: CharacterModel.Values.noEmissions][state] = value
    default: return false
    }
    return true
  }

  /// Calls `body` with every line of UTF-8 text and its number, from 1.
  mutating func read(
    _ bytes: Span<UInt8>,
    _ body: (inout DictionaryReader, String, Int) throws(TextError) -> Void
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
      if number == 1, line.starts(with: [0xEF, 0xBB, 0xBF]) { line.removeFirst(3) }
      guard let text = String(validating: line, as: UTF8.self) else {
        throw .badDictionary(reason: "line \(number) is not UTF-8")
      }
      try body(&self, text, number)
      line.removeAll(keepingCapacity: true)
    }
    guard !words.isEmpty else { throw .badDictionary(reason: "it has no words") }
  }
}
