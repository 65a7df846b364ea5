/// Why tokenizer tables cannot be built or used, or a text cannot be encoded.
public enum TextError: Error, Equatable, CustomStringConvertible {
  /// The tokenizer tables break a rule of Formats/tokenizer.md; `reason` says which, and where.
  case damagedTables(reason: String)
  /// The tables are of a version that this program does not know.
  case unknownVersion(found: Int, supported: Int)
  /// The vocabulary or the merges of a checkpoint cannot be turned into tables.
  case badVocabulary(reason: String)
  /// A dictionary for splitting a language into words cannot be used.
  case badDictionary(reason: String)
  /// The text is not UTF-8; `offset` is the first byte that does not fit.
  case notUTF8(offset: Int)
  /// The text is longer than a token's byte range can express.
  case textTooLong(byteCount: Int, limit: Int)
  case outOfMemory(byteCount: Int)

  public var description: String {
    switch self {
    case .damagedTables(let reason):
      "The tokenizer tables are damaged: \(reason). Convert the checkpoint again."
    case .unknownVersion(let found, let supported):
      """
      The tokenizer tables have version \(found); this program reads version \(supported). \
      Use a newer program, or convert the checkpoint again.
      """
    case .badVocabulary(let reason):
      "The vocabulary cannot be used: \(reason)."
    case .badDictionary(let reason):
      "The dictionary cannot be used: \(reason)."
    case .notUTF8(let offset):
      "The text is not UTF-8: byte \(offset) does not fit. Convert it to UTF-8 first."
    case .textTooLong(let byteCount, let limit):
      "The text has \(byteCount) bytes; the limit is \(limit). Split it into lines."
    case .outOfMemory(let byteCount):
      "The system refused \(byteCount) bytes of memory for the tokenizer."
    }
  }
}
