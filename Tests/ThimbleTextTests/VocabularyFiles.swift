import ThimbleJSON
import ThimbleSystem
import ThimbleText

/// vocab.json and merges.txt of a folder.
struct VocabularyFiles: TokenizerSource {
  private var tokens: [(bytes: [UInt8], id: Int)] = []
  private var merges: [(left: [UInt8], right: [UInt8])] = []

  init(_ folder: String) throws {
    try MappedFile(path: folder + "/vocab.json").bytes.withSpan { bytes in
      var members = try JSONIntegerMembers(bytes)
      while let id = try members.next(bytes) { tokens.append((members.key, Int(id))) }
    }
    // The last piece is dropped, as Hugging Face drops it.
    let lines = try MappedFile(path: folder + "/merges.txt").bytes.bytes()
      .split(separator: 0x0A, omittingEmptySubsequences: false).dropLast()
    for line in lines {
      let fields = String(decoding: line, as: UTF8.self).unicodeScalars
        .split { $0.properties.isWhitespace }.map { Array(String($0).utf8) }
      merges.append(fields.count < 2 ? ([], []) : (fields[0], fields[1]))
    }
  }

  /// A vocabulary in memory: ids in order, merges as "left right".
  init(tokens: [String], merges: [String]) {
    self.tokens = tokens.enumerated().map { (Array($1.utf8), $0) }
    self.merges = merges.map { line in
      let fields = line.utf8.split(separator: 0x20).map(Array.init)
      return (fields[0], fields[1])
    }
  }

  var tokenCount: Int { tokens.count }
  var mergeCount: Int { merges.count }

  func appendToken(_ index: Int, to bytes: inout [UInt8]) -> Int {
    bytes += tokens[index].bytes
    return tokens[index].id
  }

  func appendMerge(_ rank: Int, left: inout [UInt8], right: inout [UInt8]) {
    left += merges[rank].left
    right += merges[rank].right
  }

  func tables(
    kind: TokenizerTables.Kind = .xlm, lowercases: Bool = false, languages: [String] = []
  ) throws -> TokenizerTables {
    try TokenizerTables(
      view: ByteView(blob(kind: kind, lowercases: lowercases, languages: languages)))
  }

  func blob(
    kind: TokenizerTables.Kind = .xlm, lowercases: Bool = false, languages: [String] = []
  ) throws -> [UInt8] {
    try TokenizerTables.build(
      from: self, kind: kind, lowercases: lowercases, languages: languages)
  }
}
