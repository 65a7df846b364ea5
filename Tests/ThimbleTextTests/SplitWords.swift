import ThimbleSystem
import ThimbleText

/// The words of a text, by a vocabulary without merges in which every sign is a token of its own:
/// the last one of a word has </w>.
struct SplitWords {
  let text: String
  let tables: TokenizerTables

  init(
    _ text: String, extra: [String] = [], lowercases: Bool = false,
    dictionaries: SegmentationDictionaries = SegmentationDictionaries()
  ) throws {
    self.text = text
    let others = "abcdefghijklmnopqrstuvwxyzςσίο .,'\"STAI"
    let signs = Set(text.unicodeScalars).union(others.unicodeScalars)
      .sorted { $0.value < $1.value }.map { String($0) }
    let files = VocabularyFiles(
      tokens: ["<s>", "</s>", "<pad>", "<unk>"] + signs + signs.map { $0 + "</w>" } + extra,
      merges: [])
    tables = try TokenizerTables(
      view: ByteView(
        TokenizerTables.build(
          from: files, lowercases: lowercases, languages: [], dictionaries: dictionaries)))
  }

  func words(_ options: EncodingOptions) throws -> [String] { try words(text, options) }

  /// The words of another text of the same signs.
  func words(_ text: String, _ options: EncodingOptions) throws -> [String] {
    var tokenizer = Tokenizer(tables: tables)
    // Bytes, because a mark would make one character of itself and the < behind it.
    var bytes: [UInt8] = []
    for token in try tokenizer.encode(text, options) {
      tables.withToken(token.id) { piece, endsWord in
        for index in piece.indices { bytes.append(piece[index]) }
        if endsWord { bytes.append(0) }
      }
    }
    return bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
  }
}
