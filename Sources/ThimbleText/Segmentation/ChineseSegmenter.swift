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
  private var best: [Double] = []
  private var previous: [UInt8] = []

  init(_ trie: WordTrie, _ model: CharacterModel) {
    self.trie = trie
    self.model = model
    logTotal = logarithm(Double(max(trie.totalFrequency, 1)))
  }

  /// Calls `body` with the words of `text` in order, white space among them.
  mutating func segment(_ text: [SourceScalar], _ body: (Range<Int>) -> Void) {
    var index = 0
    while index < text.count {
      let run = text[index...].prefix { Self.isWordSign($0.value) }
      if run.isEmpty {
        body(index..<index + 1)
        index += 1
      } else {
        segmentRun(text, run.startIndex..<run.endIndex, body)
        index = run.endIndex
      }
    }
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
    _ text: [SourceScalar], _ run: Range<Int>, _ body: (Range<Int>) -> Void
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
  private mutating func findBestPath(_ text: [SourceScalar], _ run: Range<Int>) {
    scores = [Double](repeating: 0, count: run.count + 1)
    wordEnds = [Int](repeating: 0, count: run.count)
    for start in run.reversed() {
      let place = start - run.lowerBound
      var found = -Double.infinity
      wordEnds[place] = start + 1
      var node = WordTrie.root
      var end = start
      while end < run.upperBound, let next = trie.child(of: node, text[end].value) {
        node = next
        end += 1
        let frequency = trie.frequency(node)
        guard frequency > 0 else { continue }
        let score =
          logarithm(Double(frequency)) - logTotal + scores[end - run.lowerBound]
        if score >= found { (found, wordEnds[place]) = (score, end) }
      }
      scores[place] = found == -.infinity ? 0 - logTotal + scores[place + 1] : found
    }
  }

  /// Joins characters that stand alone on the best path to the words that the model sees.
  private mutating func segmentSingles(
    _ text: [SourceScalar], _ run: Range<Int>, _ body: (Range<Int>) -> Void
  ) {
    if run.isEmpty { return }
    let isWord = trie.node(of: text[run]).map { trie.frequency($0) > 0 } ?? false
    if run.count == 1 || isWord || model.isEmpty {
      for index in run { body(index..<index + 1) }
      return
    }
    var index = run.lowerBound
    while index < run.upperBound {
      let isHan = Self.isHan(text[index].value)
      let end = text[index..<run.upperBound].prefix { Self.isHan($0.value) == isHan }.endIndex
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
    _ text: [SourceScalar], _ run: Range<Int>, _ body: (Range<Int>) -> Void
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
        end = text[end..<run.upperBound].prefix { Self.isASCIIWord($0.value) }.endIndex
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
    _ text: [SourceScalar], _ run: Range<Int>, _ body: (Range<Int>) -> Void
  ) {
    let states = CharacterModel.states
    best = [Double](repeating: 0, count: states)
    previous = [UInt8](repeating: 0, count: states * run.count)
    // The states that can precede B, E, M and S, in the order of their letters.
    let before = [(1, 3), (0, 2), (0, 2), (1, 3)]
    for (place, index) in run.enumerated() {
      let emission = model.index(of: text[index].value)
      let last = best
      for state in 0..<states {
        let emitted = model.emission(emission, state)
        if place == 0 {
          best[state] = model.start(state) + emitted
          continue
        }
        let (low, high) = before[state]
        let first = last[low] + model.transition(low, state) + emitted
        let second = last[high] + model.transition(high, state) + emitted
        best[state] = max(first, second)
        previous[place * states + state] = UInt8(second >= first ? high : low)
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
