internal import ThimbleSystem

/// Words with a frequency each, used in place: the words that begin at a place of a text are found
/// in one walk. Layout: Formats/tokenizer.md §6.
struct WordTrie {
  /// The sum of all frequencies, then the nodes, breadth first, the root first.
  private let words: WordView<UInt64>

  static let root = 1
  static let highestFrequency = 1 << 20 - 1
  static let nodeLimit = 1 << 23
  /// The most scalars of a word.
  static let longestWord = 128

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

  /// Calls `body` with the end and the frequency of each word with which `range` begins, shortest
  /// first, as long as it returns true.
  @inline(__always)
  func forEachWord(
    _ text: Span<SourceScalar>, in range: Range<Int>,
    _ body: (_ end: Int, _ frequency: Int) -> Bool
  ) {
    var node = Self.root
    // In a damaged trie a path may be endless.
    for index in range.prefix(Self.longestWord) {
      guard let next = child(of: node, text[index].value) else { return }
      node = next
      let frequency = frequency(node)
      if frequency > 0, !body(index + 1, frequency) { return }
    }
  }

  /// Whether a part of a text is a word.
  func contains(_ text: Span<SourceScalar>, _ part: Range<Int>) -> Bool {
    var isFound = false
    forEachWord(text, in: part) { end, _ in
      isFound = end == part.upperBound
      return true
    }
    return isFound
  }

  /// Whether a section can have this size in bytes.
  static func canHave(byteCount: Int) -> Bool {
    byteCount == 0 || byteCount >= 24 && byteCount % 8 == 0
  }

  /// Checks every rule of Formats/tokenizer.md §6.
  func validate() throws(TextError) {
    guard !isEmpty else { return }
    // Breadth first, the nodes behind each node begin where those of the node before it end.
    var (next, levelEnd, depth, sum) = (Self.root + 1, Self.root + 1, 0, 0)
    for node in Self.root..<words.count - 1 {
      if node == levelEnd { (levelEnd, depth) = (next, depth + 1) }
      let (first, end) = (Int(words[node] >> 41), Int(words[node + 1] >> 41))
      let isValid =
        first == next && end >= first && end < words.count
        && (first == end || depth < Self.longestWord)
        && areInOrder(first..<end)
      guard isValid, node != Self.root || words[node] & 0x1F_FFFF == 0 else {
        throw .damagedTables(reason: "node \(node) of a dictionary is wrong")
      }
      sum += frequency(node)
      next = end
    }
    guard next == words.count - 1, words[next] & (1 << 41 - 1) == 0 else {
      throw .damagedTables(reason: "a dictionary has \(words.count) nodes and uses \(next)")
    }
    guard words[0] < 1 << 53, sum <= totalFrequency else {
      throw .damagedTables(reason: "the frequencies of a dictionary have another sum")
    }
  }

  /// Whether nodes that follow one node have rising scalars.
  private func areInOrder(_ nodes: Range<Int>) -> Bool {
    var last: UInt64?
    for node in nodes {
      let scalar = words[node] & 0x1F_FFFF
      guard last.map({ $0 < scalar }) ?? true, scalar <= 0x10FFFF else { return false }
      last = scalar
    }
    return true
  }

  /// The bytes of a trie; of repeated words the last frequency counts.
  static func build(
    _ list: [(scalars: [UInt32], frequency: Int)]
  ) throws(TextError) -> [UInt8] {
    var order = Array(list.indices)
    order.sort { first, second in
      let (a, b) = (list[first].scalars, list[second].scalars)
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
        while start < range.upperBound, list[order[start]].scalars.count == depth {
          frequency = list[order[start]].frequency
          start += 1
        }
        guard nodes.count < nodeLimit else {
          throw .badDictionary(reason: "it has more than \(nodeLimit) beginnings of words")
        }
        nodes.append(UInt64(scalar) | UInt64(frequency) << 21 | UInt64(firstChild) << 41)
        while start < range.upperBound {
          let sign = list[order[start]].scalars[depth]
          var end = start + 1
          while end < range.upperBound, list[order[end]].scalars[depth] == sign { end += 1 }
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
