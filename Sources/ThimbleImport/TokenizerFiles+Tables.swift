internal import ThimbleArchitecture
public import ThimbleText

extension TokenizerFiles: TokenizerSource {
  public var tokenCount: Int { vocabulary.count }
  public var mergeCount: Int { merges.count }

  public func appendToken(_ index: Int, to bytes: inout [UInt8]) -> Int {
    bytes += vocabulary.tokens[index]
    return Int(vocabulary.ids[index])
  }

  public func appendMerge(_ rank: Int, left: inout [UInt8], right: inout [UInt8]) {
    left += merges[rank].left
    right += merges[rank].right
  }
}

extension ModelCheckpoint {
  /// The tokenizer tables of Formats/tokenizer.md; nil if the checkpoint has no vocabulary.
  public func tokenizerTables() throws(TextError) -> [UInt8]? {
    guard let tokenizer else { return nil }
    return try TokenizerTables.build(
      from: tokenizer, kind: tokenizer.kind, lowercases: tokenizer.lowercases,
      isCased: tokenizer.isCased, languages: configuration.languages.map(\.name),
      dictionaries: tokenizer.dictionaries,
      added: tokenizer.added)
  }
}
