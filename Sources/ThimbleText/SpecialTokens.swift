/// The tokens that stand for no text, and where the vocabulary has them.
public struct SpecialTokens: Sendable {
  /// `<s>`, `</s>`, `<pad>`, `<unk>`, `<special0>` … `<special9>`.
  static let names: [String] =
    ["<s>", "</s>", "<pad>", "<unk>"] + (0...9).map { "<special\($0)>" }

  /// `<s>`: what Hugging Face puts before a sequence.
  public let beginning: Int
  /// `</s>`: what the model was trained with at both ends of a sequence, and Hugging Face at one.
  public let separator: Int
  public let padding: Int?
  public let unknown: Int
  /// `<special1>`.
  public let mask: Int?
  let ids: [Int?]

  /// A vocabulary without `<s>`, `</s>` or `<unk>` gets their usual ids 0, 1 and 3.
  init(_ tables: TokenizerTables) {
    ids = Self.names.map { tables.id(of: $0) }
    beginning = ids[0] ?? 0
    separator = ids[1] ?? 1
    padding = ids[2]
    unknown = ids[3] ?? 3
    mask = ids[5]
  }

  /// Whether `id` is that of a special token.
  public func contains(_ id: Int) -> Bool { ids.contains(id) }
}

extension TokenizerTables {
  /// Whether the model saw Romanian with its marks: its commonest word that has one is a token, in
  /// one of the two spellings.
  var hasRomanianMarks: Bool { id(of: "și</w>") != nil || id(of: "şi</w>") != nil }

  /// The special tokens of this vocabulary.
  public var specialTokens: SpecialTokens { SpecialTokens(self) }
}
