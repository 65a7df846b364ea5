public import ThimbleText

/// What the files of a tokenizer say, as plain data. What a token is for is none of its business.
public struct TokenizerFiles: Sendable {
  public internal(set) var vocabulary: VocabularyList
  public internal(set) var merges: MergeList
  /// Whose rules texts are split by.
  public internal(set) var kind = TokenizerTables.Kind.xlm
  /// Whether text is lower-cased and, if XLM's, loses its accents before it is split.
  public internal(set) var lowercases: Bool
  /// Whether it was learnt from text with capitals, whatever `lowercases` says.
  public internal(set) var isCased: Bool
  public internal(set) var dictionaries = SegmentationDictionaries()
  /// The tokens that texts are split at; nil if they are those of every XLM model.
  public internal(set) var added: AddedTokens?
  /// The id of the mask; nil if the tokenizer has none.
  public internal(set) var mask: Int?
  /// What the files say that is not heeded.
  public internal(set) var warnings: [String] = []

  /// Whether text with capitals was seen in training: merges are learnt from text, and none is made of a capital letter
  /// otherwise.
  static func isCased(_ vocabulary: VocabularyList, _ merges: MergeList) -> Bool {
    func hasCapital(_ bytes: ArraySlice<UInt8>) -> Bool {
      bytes.contains { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }
    }
    return (0..<merges.count).contains {
      hasCapital(merges[$0].left) || hasCapital(merges[$0].right)
    }
      || (0..<vocabulary.count).contains { index in
        let token = vocabulary.tokens[index]
        return hasCapital(token)
          && (token.count == 1 || token.count == 5 && token.dropFirst() == Array("</w>".utf8)[...])
      }
  }
}

/// The tokens of a vocabulary, in the order of the file.
public struct VocabularyList: Sendable {
  /// The UTF-8 bytes of each token; all different.
  public internal(set) var tokens = ByteStrings()
  /// The id of each token; all different, below the vocabulary size of the model.
  public internal(set) var ids: [UInt32] = []

  public var count: Int { ids.count }

  /// Appends a token that is not there yet, under an id that is free.
  mutating func append(_ token: [UInt8], id: Int) {
    tokens.append(token)
    ids.append(UInt32(id))
  }
}

/// The merges of a byte-pair encoding, by rank: the first is applied first.
public struct MergeList: Sendable {
  private var pool: [UInt8] = []
  /// Where each merge begins in the pool.
  private var starts: [UInt32] = [0]
  private var leftCounts: [UInt32] = []

  public init() {}

  public var count: Int { leftCounts.count }

  /// The two parts that the merge of rank `rank` joins. Copies nothing.
  ///
  /// Both are empty if it can never be applied: the line in the file was no merge, or the same pair
  /// stands again further down, where its rank is the one that counts.
  public subscript(rank: Int) -> (left: ArraySlice<UInt8>, right: ArraySlice<UInt8>) {
    let (start, end) = (Int(starts[rank]), Int(starts[rank + 1]))
    guard leftCounts[rank] > 0 else { return ([], []) }
    let middle = start + Int(leftCounts[rank])
    return (pool[start..<middle], pool[middle..<end])
  }

  /// Appends the merge of two parts of `bytes`, or one without effect if one is empty.
  mutating func append(_ left: Range<Int>, _ right: Range<Int>, of bytes: Span<UInt8>) {
    if !left.isEmpty, !right.isEmpty {
      for index in left { pool.append(bytes[index]) }
      for index in right { pool.append(bytes[index]) }
      leftCounts.append(UInt32(left.count))
    } else {
      leftCounts.append(0)
    }
    starts.append(UInt32(pool.count))
  }

  /// Disables every merge whose pair stands again at a later rank.
  mutating func keepLastOfDuplicates() {
    var finder = DuplicateFinder(capacity: count)
    for rank in (0..<count).reversed() where leftCounts[rank] > 0 {
      let (left, right) = self[rank]
      let hash = DuplicateFinder.hash(pool[left.startIndex..<right.endIndex]) &+ left.count
      let later = finder.insert(rank, hash: hash) { other in
        let (otherLeft, otherRight) = self[other]
        return otherLeft == left && otherRight == right
      }
      if later != nil { leftCounts[rank] = 0 }
    }
  }
}
