internal import ThimbleSystem

/// Parts Thai text into words as pythainlp's newmm does: the fewest words of a dictionary between
/// two places that every way through the text passes.
struct ThaiSegmenter {
  private let trie: WordTrie
  private let clusters = ThaiClusters()
  /// For each place of the text whether a cluster ends there.
  private var isBoundary: [Bool] = []
  /// The words found since the last certain place, as edges between places, by their starts.
  private var edges: [(start: Int, end: Int)] = []
  /// For each place since the last certain one, from where it was reached first.
  private var origins: [Int] = []

  /// More words than this at once are not looked at.
  private static let edgeLimit = 50

  init(_ trie: WordTrie) { self.trie = trie }

  /// Gives memory back after an unusually long text.
  mutating func shrink(to capacity: Int) {
    if isBoundary.capacity > capacity { isBoundary = [] }
    if edges.capacity > capacity { edges = [] }
    if origins.capacity > capacity { origins = [] }
  }

  /// Overwrites `words` with the words of `text`, without those of spaces.
  mutating func segment(_ text: Span<SourceScalar>, words: inout [Range<Int>]) {
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
  private func removeSpaces(_ text: Span<SourceScalar>, _ words: inout [Range<Int>]) {
    var kept: [Range<Int>] = []
    kept.reserveCapacity(words.count)
    for word in words {
      var start = word.lowerBound
      for index in word where text[index] == " " {
        if start < index { kept.append(start..<index) }
        start = index + 1
      }
      if start < word.upperBound { kept.append(start..<word.upperBound) }
    }
    words = kept
  }

  private mutating func findBoundaries(_ text: Span<SourceScalar>) {
    isBoundary.removeAll(keepingCapacity: true)
    isBoundary.append(false)
    var index = 0
    while index < text.count {
      let end = clusters.end(text, at: index)
      for place in index + 1...end { isBoundary.append(place == end) }
      index = end
    }
  }

  /// Adds the words that begin at `place`.
  private mutating func extend(_ text: Span<SourceScalar>, _ place: Int, _ places: inout [Int]) {
    trie.forEachWord(text, in: place..<text.count) { end, _ in
      guard isBoundary[end] else { return true }
      edges.append((place, end))
      let position = places.firstIndex { $0 >= end } ?? places.count
      if position == places.count || places[position] != end { places.insert(end, at: position) }
      return edges.count <= Self.edgeLimit
    }
  }

  /// The path of fewest words; of several the one that takes the shorter words first.
  private mutating func appendShortestPath(
    from start: Int, to goal: Int, _ words: inout [Range<Int>]
  ) {
    // Breadth first. No edge leads beyond the goal, the only place that is left.
    origins.removeAll(keepingCapacity: true)
    for _ in start...goal { origins.append(-1) }
    var reached = [start]
    var next = 0
    while next < reached.count, origins[goal - start] < 0 {
      let place = reached[next]
      next += 1
      var edge = firstEdge(from: place)
      while edge < edges.count, edges[edge].start == place {
        let end = edges[edge].end
        edge += 1
        guard origins[end - start] < 0 else { continue }
        origins[end - start] = place
        reached.append(end)
      }
    }
    let first = words.count
    var end = goal
    while end > start {
      let origin = max(origins[end - start], start)
      words.append(origin..<end)
      end = origin
    }
    words[first...].reverse()
  }

  private func firstEdge(from place: Int) -> Int {
    var low = 0
    var high = edges.count
    while low < high {
      let middle = (low + high) / 2
      if edges[middle].start < place { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The end of what is in no dictionary.
  private func endOfUnknown(_ text: Span<SourceScalar>, _ start: Int) -> Int {
    if let end = endOfForeign(text, start) { return end }
    for place in (start + 1)..<max(text.count, start + 1) where isBoundary[place] {
      var hasWord = false
      trie.forEachWord(text, in: place..<text.count) { end, _ in
        // One or two consonants are too little to go by.
        hasWord =
          isBoundary[end]
          && (end - place > 2 || !(place..<end).allSatisfy { Self.isConsonant(text[$0].value) })
        return !hasWord
      }
      if hasWord || endOfForeign(text, place) != nil { return place }
    }
    return text.count
  }

  private static func isConsonant(_ value: UInt32) -> Bool { value >= 0x0E01 && value <= 0x0E2E }

  /// The end of Latin letters, a number, spaces or other signs that are not Thai; nil if none is there.
  private func endOfForeign(_ text: Span<SourceScalar>, _ start: Int) -> Int? {
    func end(_ from: Int, _ belongs: (SourceScalar) -> Bool) -> Int {
      (from..<text.count).first { !belongs(text[$0]) } ?? text.count
    }
    let isDigit = { (scalar: SourceScalar) in scalar.classes.contains(.digit) }
    let isLatin = { (scalar: SourceScalar) in scalar.isASCIILetter || scalar == "-" }
    let isBlank = { (scalar: SourceScalar) in scalar == " " || scalar == "\t" }
    let isThai = { (scalar: SourceScalar) in scalar.value >> 7 == 0x0E00 >> 7 }
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
    if isThai(first) || first == "\r" || first == "\n" { return nil }
    return end(start) { !isThai($0) && !isBlank($0) && $0 != "\r" && $0 != "\n" }
  }

  /// Joins the words of numbers with colons, commas and periods in them.
  private func joinNumbers(_ text: Span<SourceScalar>, _ words: inout [Range<Int>]) {
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
  private func nextNumber(_ text: Span<SourceScalar>, from start: Int) -> Range<Int>? {
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
