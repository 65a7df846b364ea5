/// What the user knows better than the files of a checkpoint.
public struct ImportOptions: Sendable {
  /// The vocabulary: vocab.json, or the `vocab` text file of an original checkpoint.
  public var vocabularyPath: String?
  /// The merges: merges.txt, or the `codes` file of an original checkpoint.
  public var mergesPath: String?
  /// Whether text is lower-cased and loses its accents.
  public var lowercases: Bool?
  /// Chinese words as jieba's dict.txt has them, or what Tools/tokenizer-dictionaries writes.
  public var chineseDictionaryPath: String?
  /// Thai words, one in a line.
  public var thaiDictionaryPath: String?

  public init(
    vocabularyPath: String? = nil, mergesPath: String? = nil, lowercases: Bool? = nil,
    chineseDictionaryPath: String? = nil, thaiDictionaryPath: String? = nil
  ) {
    self.vocabularyPath = vocabularyPath
    self.mergesPath = mergesPath
    self.lowercases = lowercases
    self.chineseDictionaryPath = chineseDictionaryPath
    self.thaiDictionaryPath = thaiDictionaryPath
  }
}
