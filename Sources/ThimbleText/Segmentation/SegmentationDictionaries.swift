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
    var reader = DictionaryReader()
    try reader.read(bytes) { reader, line, number throws(TextError) in
      try reader.readChinese(line, number)
    }
    words = try WordTrie.build(reader.words)
    model = reader.model.encoded()
  }
}

/// Thai words.
public struct ThaiDictionary: Sendable {
  let words: [UInt8]

  /// Reads a list with a word in each line.
  ///
  /// - Throws: `TextError.badDictionary`.
  public init(parsing bytes: Span<UInt8>) throws(TextError) {
    var reader = DictionaryReader()
    try reader.read(bytes) { reader, line, number throws(TextError) in
      try reader.readThai(line, number)
    }
    words = try WordTrie.build(reader.words)
  }
}
