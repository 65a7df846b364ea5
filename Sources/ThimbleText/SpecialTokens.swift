/// The tokens that stand for no text, and where the vocabulary has them.
public struct SpecialTokens: Sendable {
  /// `<s>`, `</s>`, `<pad>`, `<unk>`, `<special0>` … `<special9>`.
  public static let standardNames: [String] =
    ["<s>", "</s>", "<pad>", "<unk>"] + (0...9).map { "<special\($0)>" }
  static let sortedNames = standardNames.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }

  /// `<s>`: what Hugging Face puts before a sequence.
  public let beginning: Int
  /// `</s>`: what the model was trained with at both ends of a sequence, and Hugging Face at one.
  public let separator: Int
  public let padding: Int?
  public let unknown: Int
  /// `<special1>`, if the checkpoint does not name another.
  public let mask: Int?
  let added: AddedTokenList
  private let tables: TokenizerTables

  /// A vocabulary without `<s>`, `</s>` or `<unk>` gets their usual ids 0, 1 and 3.
  init(_ tables: TokenizerTables) {
    self.tables = tables
    added = AddedTokenList(tables)
    if let stored = added.stored {
      func id(_ role: Int) -> Int? {
        stored.roles[role] == AddedTokenList.Stored.none ? nil : Int(stored.roles[role])
      }
      (beginning, separator, unknown) = (id(0) ?? 0, id(1) ?? 1, id(2) ?? 3)
      (padding, mask) = (id(3), id(4))
    } else {
      beginning = tables.id(of: "<s>") ?? 0
      separator = tables.id(of: "</s>") ?? 1
      padding = tables.id(of: "<pad>")
      unknown = tables.id(of: "<unk>") ?? 3
      mask = tables.id(of: "<special1>")
    }
  }

  /// Whether `id` is that of a special token.
  public func contains(_ id: Int) -> Bool {
    added.record(ofToken: id, tables)?.marks.contains(.special) ?? false
  }

  /// Whether decoded text has spaces around the token `id`.
  func standsApart(_ id: Int) -> Bool {
    added.stored != nil && added.record(ofToken: id, tables)?.marks.contains(.apart) == true
  }
}

extension TokenizerTables {
  /// Whether the model saw Romanian with its marks: its commonest word that has one is a token, in
  /// one of the two spellings.
  var hasRomanianMarks: Bool { id(of: "și</w>") != nil || id(of: "şi</w>") != nil }

  /// The special tokens of this vocabulary.
  public var specialTokens: SpecialTokens { SpecialTokens(self) }
}
