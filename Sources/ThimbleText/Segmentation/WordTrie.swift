internal import ThimbleSystem

/// Words with a frequency each, used in place: the words that begin at a place of a text are found
/// in one walk. Layout: Formats/tokenizer.md §6.
struct WordTrie {
  /// The sum of all frequencies, then the nodes, breadth first, the root first.
  private let words: WordView<UInt64>

  static let root = 1
  static let highestFrequency = 1 << 20 - 1
  static let nodeLimit = 1 << 23

  init(_ bytes: ByteView) { words = WordView(bytes) }

  /// Whether there is no trie at all.
  var isEmpty: Bool { words.count < 3 }

  var totalFrequency: Int { Int(truncatingIfNeeded: words[0] & (1 << 53 - 1)) }

  /// The frequency of the word that ends in `node`, 0 if none does.
  func frequency(_ node: Int) -> Int { Int(words[node] >> 21) & Self.highestFrequency }

  /// The node behind `node` for one more scalar, or nil.
  func child(of node: Int, _ scalar: UInt32) -> Int? {
    guard node + 1 < words.count else { return nil }
    var low = Int(words[node] >> 41)
    var high = min(Int(words[node + 1] >> 41), words.count - 1)
    while low < high {
      let middle = (low + high) / 2
      let found = UInt32(words[middle] & 0x1F_FFFF)
      if found == scalar { return middle }
      if found < scalar { low = middle + 1 } else { high = middle }
    }
    return nil
  }

  /// The node in which a word ends, or nil.
  func node(of word: ArraySlice<SourceScalar>) -> Int? {
    var node = Self.root
    for scalar in word {
      guard let next = child(of: node, scalar.value) else { return nil }
      node = next
    }
    return node
  }

  /// Checks that nodes and children are in order.
  func validate() throws(TextError) {
    if isEmpty, words.count == 0 { return }
    var next = Self.root + 1
    for node in Self.root..<max(words.count - 1, Self.root) {
      let (first, end) = (Int(words[node] >> 41), Int(words[node + 1] >> 41))
      var isValid = first == next && end >= first && end < words.count
      if isValid {
        for child in first..<end where child > first {
          isValid = isValid && words[child - 1] & 0x1F_FFFF < words[child] & 0x1F_FFFF
        }
      }
      guard isValid else { throw .damagedTables(reason: "node \(node) of a dictionary is wrong") }
      next = end
    }
    guard next == words.count - 1 else {
      throw .damagedTables(reason: "a dictionary has \(words.count) nodes and uses \(next)")
    }
  }

  /// The bytes of a trie; of repeated words the last frequency counts.
  static func build(_ list: [(word: [UInt32], frequency: Int)]) throws(TextError) -> [UInt8] {
    var order = Array(list.indices)
    order.sort { first, second in
      let (a, b) = (list[first].word, list[second].word)
      return a == b ? first < second : a.lexicographicallyPrecedes(b)
    }
    var nodes: [UInt64] = [UInt64(list.reduce(0) { $0 + $1.frequency })]
    // Breadth first: every node knows its range of the sorted words, which agree up to its depth.
    var level = [(scalar: UInt32(0), range: 0..<order.count)]
    var depth = 0
    var firstChild = root + 1
    while !level.isEmpty {
      var nextLevel: [(scalar: UInt32, range: Range<Int>)] = []
      for (scalar, range) in level {
        var start = range.lowerBound
        var frequency = 0
        while start < range.upperBound, list[order[start]].word.count == depth {
          frequency = list[order[start]].frequency
          start += 1
        }
        guard nodes.count < nodeLimit else {
          throw .badDictionary(reason: "it has more than \(nodeLimit) beginnings of words")
        }
        nodes.append(UInt64(scalar) | UInt64(frequency) << 21 | UInt64(firstChild) << 41)
        while start < range.upperBound {
          let sign = list[order[start]].word[depth]
          var end = start + 1
          while end < range.upperBound, list[order[end]].word[depth] == sign { end += 1 }
          nextLevel.append((sign, start..<end))
          firstChild += 1
          start = end
        }
      }
      level = nextLevel
      depth += 1
    }
    nodes.append(UInt64(firstChild) << 41)
    var bytes: [UInt8] = []
    for node in nodes { bytes.append(littleEndian: node) }
    return bytes
  }
}
