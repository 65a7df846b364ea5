internal import ThimbleSystem

/// Parts Thai text into words as pythainlp's newmm does: the fewest words of a dictionary between
/// two places that every way through the text passes.
struct ThaiSegmenter {
  private let trie: WordTrie
  /// For each place of the text whether a cluster ends there.
  private var isBoundary: [Bool] = []
  /// The words found since the last certain place, as edges between places.
  private var edges: [(start: Int, end: Int)] = []

  /// More words than this at once are not looked at.
  private static let edgeLimit = 50

  init(_ trie: WordTrie) { self.trie = trie }

  /// Overwrites `words` with the words of `text`, without those of spaces.
  mutating func segment(_ text: [SourceScalar], words: inout [Range<Int>]) {
    words.removeAll(keepingCapacity: true)
    findBoundaries(text)
    // Places where found words end that lead on from there, in order.
    var places = [0]
    var wordStart = 0
    edges.removeAll(keepingCapacity: true)
    while let place = places.first, place < text.count {
      places.removeFirst()
      extend(text, place, &places)
      if places.isEmpty {
        wordStart = endOfUnknown(text, place)
        words.append(place..<wordStart)
        places = [wordStart]
      } else if places.count == 1 {
        appendShortestPath(from: wordStart, to: places[0], &words)
        wordStart = places[0]
      } else {
        continue
      }
      edges.removeAll(keepingCapacity: true)
    }
    joinNumbers(text, &words)
    removeSpaces(text, &words)
  }

  /// Leaves out spaces, which are words and occur in words of the dictionary: training text had the
  /// words parted by spaces.
  private func removeSpaces(_ text: [SourceScalar], _ words: inout [Range<Int>]) {
    guard text.contains(where: { $0 == " " }) else { return }
    words = words.flatMap { word in
      text[word].split { $0 == " " }.map { $0.startIndex..<$0.endIndex }
    }
  }

  private mutating func findBoundaries(_ text: [SourceScalar]) {
    isBoundary = [Bool](repeating: false, count: text.count + 1)
    var index = 0
    while index < text.count {
      index = ThaiClusters.end(text[...], at: index)
      isBoundary[index] = true
    }
  }

  /// Adds the words that begin at `place`.
  private mutating func extend(_ text: [SourceScalar], _ place: Int, _ places: inout [Int]) {
    forEachWord(text, at: place) { end in
      edges.append((place, end))
      let position = places.firstIndex { $0 >= end } ?? places.count
      if position == places.count || places[position] != end { places.insert(end, at: position) }
      return edges.count <= Self.edgeLimit
    }
  }

  /// Calls `body` with the ends of the words at `place` that end at a boundary, shortest first, as
  /// long as it returns true.
  private func forEachWord(_ text: [SourceScalar], at place: Int, _ body: (Int) -> Bool) {
    var node = WordTrie.root
    var end = place
    while end < text.count, let next = trie.child(of: node, text[end].value) {
      node = next
      end += 1
      if isBoundary[end], trie.frequency(node) > 0, !body(end) { return }
    }
  }

  /// The path of fewest words; of several the one that takes the shorter words first.
  private func appendShortestPath(from start: Int, to goal: Int, _ words: inout [Range<Int>]) {
    // Breadth first; each place remembers from where it was reached first.
    var reached = [(place: start, previous: 0)]
    var next = 0
    search: while next < reached.count {
      for edge in edges where edge.start == reached[next].place {
        guard !reached.contains(where: { $0.place == edge.end }) else { continue }
        reached.append((edge.end, next))
        if edge.end == goal { break search }
      }
      next += 1
    }
    guard var index = reached.lastIndex(where: { $0.place == goal }) else {
      return words.append(start..<goal)
    }
    var path: [Range<Int>] = []
    while index > 0 {
      let previous = reached[index].previous
      path.append(reached[previous].place..<reached[index].place)
      index = previous
    }
    words += path.reversed()
  }

  /// The end of what is in no dictionary.
  private func endOfUnknown(_ text: [SourceScalar], _ start: Int) -> Int {
    if let end = endOfForeign(text, start) { return end }
    for place in (start + 1)..<max(text.count, start + 1) where isBoundary[place] {
      var hasWord = false
      forEachWord(text, at: place) { end in
        // One or two consonants are too little to go by.
        hasWord = end - place > 2 || !text[place..<end].allSatisfy { Self.isConsonant($0.value) }
        return !hasWord
      }
      if hasWord || endOfForeign(text, place) != nil { return place }
    }
    return text.count
  }

  private static func isConsonant(_ value: UInt32) -> Bool { value >= 0x0E01 && value <= 0x0E2E }

  /// The end of Latin letters, a number, spaces or other signs that are not Thai; nil if none is there.
  private func endOfForeign(_ text: [SourceScalar], _ start: Int) -> Int? {
    func end(_ from: Int, _ belongs: (SourceScalar) -> Bool) -> Int {
      text[from...].firstIndex { !belongs($0) } ?? text.count
    }
    let isDigit = { (scalar: SourceScalar) in scalar.classes.contains(.digit) }
    let isLatin = { (scalar: SourceScalar) in scalar.isASCIILetter || scalar == "-" }
    let isBlank = { (scalar: SourceScalar) in scalar == " " || scalar == "\t" }
    let first = text[start]
    if isLatin(first) { return end(start, isLatin) }
    if isDigit(first) {
      var place = end(start, isDigit)
      while place + 1 < text.count, text[place] == "," || text[place] == ".",
        isDigit(text[place + 1])
      {
        place = end(place + 1, isDigit)
      }
      return place
    }
    if isBlank(first) { return end(start, isBlank) }
    if first.value >= 0x0E00 && first.value <= 0x0E7F || first == "\r" || first == "\n" {
      return nil
    }
    return end(start) {
      !($0.value >= 0x0E00 && $0.value <= 0x0E7F) && !isBlank($0) && $0 != "\r" && $0 != "\n"
    }
  }

  /// Joins the words of numbers with colons, commas and periods in them.
  private func joinNumbers(_ text: [SourceScalar], _ words: inout [Range<Int>]) {
    var read = 0
    var write = 0
    var number = nextNumber(text, from: 0)
    while read < words.count {
      var word = words[read]
      if let found = number, word.lowerBound >= found.lowerBound {
        number = nextNumber(text, from: found.upperBound)
        if word.lowerBound >= found.upperBound { continue }
        while word.upperBound < found.upperBound, read + 1 < words.count {
          read += 1
          word = word.lowerBound..<words[read].upperBound
        }
      }
      words[write] = word
      read += 1
      write += 1
    }
    words.removeLast(words.count - write)
  }

  /// The next digits that `.`, `,` or `:` join to more digits.
  private func nextNumber(_ text: [SourceScalar], from start: Int) -> Range<Int>? {
    var index = start
    while index < text.count {
      guard text[index].classes.contains(.digit) else {
        index += 1
        continue
      }
      let begin = index
      var end = index
      var joins = false
      while true {
        while index < text.count, text[index].classes.contains(.digit) { index += 1 }
        end = index
        guard index + 1 < text.count, [0x2E, 0x2C, 0x3A].contains(text[index].value),
          text[index + 1].classes.contains(.digit)
        else { break }
        joins = true
        index += 1
      }
      if joins { return begin..<end }
    }
    return nil
  }
}
