/// A token's place, and the probability of every label.
struct LabelledToken {
  let index: Int
  let bytes: Range<Int>?
  let endsWord: Bool
  let probabilities: [Double]
}

/// Makes words and entities of labelled tokens.
struct EntityGrouping {
  let labels: [String]
  let aggregation: Aggregation

  /// Some tokens that share a label.
  struct Group {
    var label: String
    var scores: [Double]
    var bytes: Range<Int>?
    /// The first and the last of the tokens.
    var tokens: Range<Int>

    /// The mean over its words, or tokens.
    var score: Double { scores.reduce(0, +) / Double(scores.count) }
  }

  /// The entities of `tokens`, in order, those that are outside of everything among them.
  func groups(_ tokens: [LabelledToken]) -> [Group] {
    switch aggregation {
    case .none: tokens.indices.map { word(tokens, $0..<$0 + 1) }
    case .simple: merged(tokens.indices.map { word(tokens, $0..<$0 + 1) })
    case .first, .average, .max: merged(words(tokens).map { word(tokens, $0) })
    }
  }

  private func words(_ tokens: [LabelledToken]) -> [Range<Int>] {
    var (words, start): ([Range<Int>], Int) = ([], 0)
    for index in tokens.indices where tokens[index].endsWord || index == tokens.count - 1 {
      words.append(start..<index + 1)
      start = index + 1
    }
    return words
  }

  /// The word of the tokens `range`, with the label that `aggregation` gives it.
  private func word(_ tokens: [LabelledToken], _ range: Range<Int>) -> Group {
    let word = tokens[range]
    let probabilities: [Double]
    switch aggregation {
    case .none, .simple, .first: probabilities = tokens[range.lowerBound].probabilities
    case .max:
      // The first of the surest.
      var surest = range.lowerBound
      for index in range where best(tokens[index]).score > best(tokens[surest]).score {
        surest = index
      }
      probabilities = tokens[surest].probabilities
    case .average:
      probabilities = labels.indices.map { label in
        word.reduce(0) { $0 + $1.probabilities[label] } / Double(word.count)
      }
    }
    let (label, score) = best(probabilities)
    return Group(
      label: labels[label], scores: [score], bytes: joined(word.first?.bytes, word.last?.bytes),
      tokens: range)
  }

  private func best(_ token: LabelledToken) -> (label: Int, score: Double) {
    best(token.probabilities)
  }

  /// The likeliest label; the first of equal ones.
  private func best(_ probabilities: [Double]) -> (label: Int, score: Double) {
    var best = 0
    for label in probabilities.indices where probabilities[label] > probabilities[best] {
      best = label
    }
    return (best, probabilities[best])
  }

  /// Neighbours with the same label made one.
  private func merged(_ words: [Group]) -> [Group] {
    var groups: [Group] = []
    var last: Tag?
    for word in words {
      let tag = Tag(word.label)
      if let last, last.name == tag.name, !last.closes, !tag.opens {
        groups[groups.count - 1].scores += word.scores
        let group = groups[groups.count - 1]
        groups[groups.count - 1].bytes = joined(group.bytes, word.bytes)
        groups[groups.count - 1].tokens = group.tokens.lowerBound..<word.tokens.upperBound
      } else {
        var group = word
        group.label = tag.shownName
        groups.append(group)
      }
      last = tag
    }
    return groups
  }

  private func joined(_ first: Range<Int>?, _ last: Range<Int>?) -> Range<Int>? {
    guard let first, let last else { return nil }
    return first.lowerBound..<max(first.upperBound, last.upperBound)
  }
}

/// A label by its parts: "B-PER" begins a person, "I-PER" goes on with one, and in BIOES and BILOU "E-" or "L-" ends one, and "S-" or
/// "U-" is one by itself. A label without such a beginning goes on, as in Hugging Face's pipeline.
private struct Tag {
  let name: Substring
  /// What the entity is called: what stands behind the first hyphen.
  let shownName: String
  /// Whether an entity begins with it, whatever was before.
  let opens: Bool
  /// Whether an entity ends with it, whatever comes.
  let closes: Bool

  init(_ label: String) {
    let parts = label.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    shownName = String(parts.last ?? "")
    let prefix = parts.count == 2 ? parts[0] : ""
    let isKnown = ["B", "I", "E", "L", "S", "U"].contains(prefix)
    name = isKnown ? parts[1] : label[...]
    opens = ["B", "S", "U"].contains(prefix)
    closes = ["E", "L", "S", "U"].contains(prefix)
  }
}
