/// What the user knows better than the files of a checkpoint.
public struct ImportOptions: Sendable {
  /// The vocabulary: vocab.json, or the `vocab` text file of an original checkpoint.
  public var vocabularyPath: String?
  /// The merges: merges.txt, or the `codes` file of an original checkpoint.
  public var mergesPath: String?
  /// Whether text is lower-cased and loses its accents.
  public var lowercases: Bool?

  public init(
    vocabularyPath: String? = nil, mergesPath: String? = nil, lowercases: Bool? = nil
  ) {
    self.vocabularyPath = vocabularyPath
    self.mergesPath = mergesPath
    self.lowercases = lowercases
  }
}
