package import ThimbleCheckpoint
internal import ThimbleJSON
package import ThimbleSystem

/// Reads a vocabulary from any of the three forms that it comes in.
package struct VocabularyReader {
  static let largestFile = 256 << 20

  private let vocabularySize: Int
  private var list = VocabularyList()
  /// The number of the token that has an id, + 1; 0 where free.
  private var owners: [UInt32]

  private init(vocabularySize: Int) {
    self.vocabularySize = vocabularySize
    owners = Array(repeating: 0, count: vocabularySize)
  }

  /// Reads vocab.json: an object from token to id.
  package static func readJSON(
    _ file: ByteView, vocabularySize: Int
  ) throws(VocabularyFault) -> VocabularyList {
    var reader = try VocabularyReader(file, vocabularySize: vocabularySize)
    try file.withSpan { bytes throws(VocabularyFault) in
      var members = try json { () throws(JSONError) in try JSONIntegerMembers(bytes) }
      while let id = try json({ () throws(JSONError) in try members.next(bytes) }) {
        try reader.add(members.key, id: id)
      }
    }
    return try reader.finish()
  }

  private init(_ file: ByteView, vocabularySize: Int) throws(VocabularyFault) {
    guard file.count <= Self.largestFile else {
      throw .tooLarge(byteCount: file.count, limit: Self.largestFile)
    }
    self.init(vocabularySize: vocabularySize)
  }

  private static func json<Result>(
    _ body: () throws(JSONError) -> Result
  ) throws(VocabularyFault) -> Result {
    do { return try body() } catch { throw .json(error) }
  }

  private mutating func add(_ token: some Collection<UInt8>, id: Int64) throws(VocabularyFault) {
    func name(_ bytes: some Collection<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
    guard id >= 0, id < vocabularySize else {
      throw .id(token: name(token), found: id, vocabularySize: vocabularySize)
    }
    guard owners[Int(id)] == 0 else {
      let other = list.tokens[Int(owners[Int(id)]) - 1]
      throw .duplicateID(Int(id), tokens: [name(other), name(token)])
    }
    list.tokens.append(token)
    list.ids.append(UInt32(id))
    owners[Int(id)] = UInt32(list.count)
  }

  private func finish() throws(VocabularyFault) -> VocabularyList {
    var finder = DuplicateFinder(capacity: list.count)
    for index in 0..<list.count {
      let token = list.tokens[index]
      let other = finder.insert(index, hash: DuplicateFinder.hash(token)) {
        list.tokens[$0] == token
      }
      guard other == nil else { throw .duplicateToken(String(decoding: token, as: UTF8.self)) }
    }
    return list
  }
}

// The two forms of the original: words in which "@@" says that the word goes on.
extension VocabularyReader {
  private static let specialTokens =
    ["<s>", "</s>", "<pad>", "<unk>"] + (0..<10).map { "<special\($0)>" }

  /// Reads the dictionary from id to word inside an original checkpoint.
  package static func readDictionary(
    _ words: PickledValue, vocabularySize: Int
  ) throws(VocabularyFault) -> VocabularyList {
    var reader = VocabularyReader(vocabularySize: vocabularySize)
    for (key, value) in words.entries {
      guard let id = key.integer, let text = value.text else {
        throw .entry(reason: "\"dico_id2word\" does not map ids to words.")
      }
      let word = text.bytes()
      guard String(validating: word, as: UTF8.self) != nil else {
        throw .entry(reason: "the word of id \(id) is not UTF-8.")
      }
      try reader.add(token(ofWord: word, id: id), id: id)
    }
    return try reader.finish()
  }

  /// Reads a `vocab` text file: a word and its count a line, behind 14 special tokens.
  ///
  /// As in the original, lines that are not two fields, words that occur again and lines with a
  /// line separator inside take no id, and what does not fit the model is cut off.
  package static func readText(
    _ file: ByteView, vocabularySize: Int
  ) throws(VocabularyFault) -> VocabularyList {
    var reader = try VocabularyReader(file, vocabularySize: vocabularySize)
    var words: Set<[UInt8]> = []
    for (id, token) in specialTokens.enumerated() where id < vocabularySize {
      words.insert(Array(token.utf8))
      try reader.add(Array(token.utf8), id: Int64(id))
    }
    try file.withSpan { bytes throws(VocabularyFault) in
      if let offset = UTF8Check.firstInvalidByte(bytes) {
        throw .notUTF8(line: UTF8Check.line(at: offset, bytes))
      }
      var start = 0
      while start < bytes.count, reader.list.count < vocabularySize {
        let end = Lines.end(from: start, bytes) ?? bytes.count
        let fields = Lines.fields(of: start..<end, bytes)
        let word = fields.first.map { bytes[$0] }
        if fields.count == 2, !Lines.hasSeparator(start..<end, bytes), words.insert(word).inserted {
          let id = Int64(reader.list.count)
          try reader.add(token(ofWord: word, id: id), id: id)
        }
        start = end < bytes.count ? Lines.next(after: end, bytes) : end
      }
    }
    return try reader.finish()
  }

  /// The token of the Hugging Face vocabulary that a word of the original's is.
  private static func token(ofWord word: [UInt8], id: Int64) -> [UInt8] {
    var token: [UInt8] = []
    var index = 0
    while index < word.count {
      if word[index] == UInt8(ascii: "@"), index + 1 < word.count,
        word[index + 1] == UInt8(ascii: "@")
      {
        index += 2
      } else {
        token.append(word[index])
        index += 1
      }
    }
    let goesOn = token.count < word.count
    return goesOn || id < specialTokens.count ? token : token + Array("</w>".utf8)
  }
}
