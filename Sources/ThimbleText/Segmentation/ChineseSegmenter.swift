internal import ThimbleSystem

/// Parts Chinese text into words as jieba does: the likeliest path through the words of a
/// dictionary, and a hidden Markov model for the characters that stand alone on it.
struct ChineseSegmenter {
  private let trie: WordTrie
  private let model: CharacterModel
  private let logTotal: Double
  /// For each scalar of a run the best path from there: its logarithm, and where its word ends.
  private var scores: [Double] = []
  private var wordEnds: [Int] = []
  private var previous: [UInt8] = []

  /// Gives memory back after an unusually long text.
  mutating func shrink(to capacity: Int) {
    if scores.capacity > capacity { scores = [] }
    if wordEnds.capacity > capacity { wordEnds = [] }
    if previous.capacity > capacity { previous = [] }
  }

  init(_ trie: WordTrie, _ model: CharacterModel) {
    self.trie = trie
    self.model = model
    logTotal = logarithm(Double(max(trie.totalFrequency, 1)))
  }

  /// Calls `body` with the words of `text` in order, white space among them.
  mutating func segment(_ text: Span<SourceScalar>, _ body: (Range<Int>) -> Void) {
    var index = 0
    while index < text.count {
      let end = Self.end(text, index..<text.count, Self.isWordSign)
      if end == index {
        body(index..<index + 1)
      } else {
        segmentRun(text, index..<end, body)
      }
      index = max(end, index + 1)
    }
  }

  /// Where the scalars at the beginning of `range` end that belong together.
  @inline(__always)
  private static func end(
    _ text: Span<SourceScalar>, _ range: Range<Int>, _ belongs: (UInt32) -> Bool
  ) -> Int {
    range.first { !belongs(text[$0].value) } ?? range.upperBound
  }

  /// Chinese to the model.
  private static func isHan(_ value: UInt32) -> Bool { value >= 0x4E00 && value <= 0x9FD5 }

  private static func isASCIIWord(_ value: UInt32) -> Bool {
    value >= 0x30 && value <= 0x39 || value | 0x20 >= 0x61 && value | 0x20 <= 0x7A
  }

  private static func isWordSign(_ value: UInt32) -> Bool {
    if isHan(value) || isASCIIWord(value) { return true }
    switch value {
    case 0x23, 0x25, 0x26, 0x2B, 0x2D, 0x2E, 0x5F: return true
    // What jieba's Rust version, which Hugging Face uses, counts as Chinese besides.
    case 0x3400...0x4DBF, 0x9FD6...0x9FFF, 0xF900...0xFAFF, 0x20000...0x2A6DF, 0x2A700...0x2EBEF,
      0x2F800...0x2FA1F:
      return true
    default: return false
    }
  }

  private mutating func segmentRun(
    _ text: Span<SourceScalar>, _ run: Range<Int>, _ body: (Range<Int>) -> Void
  ) {
    findBestPath(text, run)
    var index = run.lowerBound
    var single = index
    while index < run.upperBound {
      let end = wordEnds[index - run.lowerBound]
      if end - index > 1 {
        segmentSingles(text, single..<index, body)
        body(index..<end)
        single = end
      }
      index = end
    }
    segmentSingles(text, single..<index, body)
  }

  /// Of equally likely words at a place the longest one counts.
  private mutating func findBestPath(_ text: Span<SourceScalar>, _ run: Range<Int>) {
    scores.removeAll(keepingCapacity: true)
    wordEnds.removeAll(keepingCapacity: true)
    for index in run {
      scores.append(0)
      wordEnds.append(index + 1)
    }
    scores.append(0)
    for start in run.reversed() {
      let place = start - run.lowerBound
      var found = -Double.infinity
      trie.forEachWord(text, in: start..<run.upperBound) { end, frequency in
        let score =
          logarithm(Double(frequency)) - logTotal + scores[end - run.lowerBound]
        if score >= found { (found, wordEnds[place]) = (score, end) }
        return true
      }
      scores[place] = found == -.infinity ? 0 - logTotal + scores[place + 1] : found
    }
  }

  /// Joins characters that stand alone on the best path to the words that the model sees.
  private mutating func segmentSingles(
    _ text: Span<SourceScalar>, _ run: Range<Int>, _ body: (Range<Int>) -> Void
  ) {
    if run.isEmpty { return }
    if run.count == 1 || model.isEmpty || trie.contains(text, run) {
      for index in run { body(index..<index + 1) }
      return
    }
    var index = run.lowerBound
    while index < run.upperBound {
      let isHan = Self.isHan(text[index].value)
      let end = Self.end(text, index..<run.upperBound) { Self.isHan($0) == isHan }
      if isHan {
        segmentByModel(text, index..<end, body)
      } else {
        segmentOthers(text, index..<end, body)
      }
      index = end
    }
  }

  /// Splits what is not Chinese: `3.5%` and `Wi-Fi` are words, and so is what lies between them.
  private func segmentOthers(
    _ text: Span<SourceScalar>, _ run: Range<Int>, _ body: (Range<Int>) -> Void
  ) {
    var index = run.lowerBound
    var rest = index
    while index < run.upperBound {
      guard Self.isASCIIWord(text[index].value) else {
        index += 1
        continue
      }
      if rest < index { body(rest..<index) }
      var end = index
      while end < run.upperBound {
        end = Self.end(text, end..<run.upperBound, Self.isASCIIWord)
        // One of . - _ between two such words joins them.
        guard end + 1 < run.upperBound, [0x2E, 0x2D, 0x5F].contains(text[end].value),
          Self.isASCIIWord(text[end + 1].value)
        else { break }
        end += 1
      }
      if end < run.upperBound, text[end] == "%" { end += 1 }
      body(index..<end)
      index = end
      rest = end
    }
    if rest < run.upperBound { body(rest..<run.upperBound) }
  }

  /// The likeliest places of the characters in words; of equally likely ones the later letter.
  private mutating func segmentByModel(
    _ text: Span<SourceScalar>, _ run: Range<Int>, _ body: (Range<Int>) -> Void
  ) {
    let states = CharacterModel.states
    var best = [Double](repeating: 0, count: states)
    previous.removeAll(keepingCapacity: true)
    for index in run {
      let emission = model.index(of: text[index].value)
      let last = best
      for state in 0..<states {
        let emitted = model.emission(emission, state)
        if index == run.lowerBound {
          best[state] = model.start(state) + emitted
          previous.append(0)
          continue
        }
        // Before a beginning and a character alone stands an end or one alone; before an end and a
        // middle, a beginning or a middle.
        let (low, high) = state == 0 || state == 3 ? (1, 3) : (0, 2)
        let first = last[low] + model.transition(low, state) + emitted
        let second = last[high] + model.transition(high, state) + emitted
        best[state] = max(first, second)
        previous.append(UInt8(second >= first ? high : low))
      }
    }
    var state = best[3] >= best[1] ? 3 : 1
    var ends: [Int] = []
    for place in (0..<run.count).reversed() {
      // A word ends at E and at S.
      if state == 1 || state == 3 { ends.append(run.lowerBound + place + 1) }
      state = Int(previous[place * states + state])
    }
    var start = run.lowerBound
    for end in ends.reversed() {
      body(start..<end)
      start = end
    }
  }
}
