/// Some words that are one thing, such as a person.
package struct EntitySpan: Hashable, Sendable {
  /// "PER".
  package let type: String
  package let words: Range<Int>
}

/// A label of a word by its parts: "B-PER" begins a person, "I-PER" goes on with one, "E-PER" ends one, "S-PER" is one by itself, and "O" is
/// outside of everything.
struct WordLabel: Equatable {
  /// The first character.
  let prefix: Character
  /// What stands behind the first hyphen; "_" if nothing does.
  let type: String

  static let outside = WordLabel("O")

  init(_ label: String) {
    prefix = label.first ?? "O"
    let rest = label.dropFirst()
    let hyphen = rest.firstIndex(of: "-")
    let type = hyphen.map { rest[rest.index(after: $0)...] } ?? rest
    self.type = type.isEmpty ? "_" : String(type)
  }

  /// Whether `label` is of IOB or BIOES. In others, BILOU for one, seqeval would count something else than what they mean.
  static func isKnown(_ label: String) -> Bool {
    label == "O"
      || label.first.map { "BIES".contains($0) } == true
        && (label.utf8.count == 1 || label.dropFirst().first == "-")
  }

  /// Whether an entity has begun with this label, behind `previous`.
  func begins(after previous: WordLabel) -> Bool {
    if prefix == "B" || prefix == "S" { return true }
    if "EI".contains(prefix), "ESO".contains(previous.prefix) { return true }
    return prefix != "O" && previous.type != type
  }

  /// Whether an entity has ended before this label, with `previous`.
  func ends(_ previous: WordLabel) -> Bool {
    if previous.prefix == "E" || previous.prefix == "S" { return true }
    if "BI".contains(previous.prefix), "BSO".contains(prefix) { return true }
    return previous.prefix != "O" && previous.type != type
  }
}

/// The entities of a sentence's labels, as seqeval finds them in its default mode, which is that of the script conlleval.
///
/// - Parameter labels: of IOB1, IOB2, IOE or BIOES; a label that goes on with nothing begins an entity.
package func entities(_ labels: [String]) -> [EntitySpan] {
  var (found, start): ([EntitySpan], Int) = ([], 0)
  var previous = WordLabel.outside
  for (index, label) in (labels.map { WordLabel($0) } + [.outside]).enumerated() {
    if label.ends(previous) { found.append(EntitySpan(type: previous.type, words: start..<index)) }
    if label.begins(after: previous) { start = index }
    previous = label
  }
  return found
}

/// How many entities were found, and how many there were.
public struct EntityCounts: Sendable, Equatable {
  package init() {}

  /// Those found with the right bounds and type.
  public private(set) var correct = 0
  public private(set) var found = 0
  /// Those that there are.
  public private(set) var expected = 0

  /// Of those found the share that is right; 0 if there are none, as everywhere here.
  public var precision: Double { share(correct, found) }
  /// Of those that there are the share that was found.
  public var recall: Double { share(correct, expected) }
  /// The harmonic mean of the two.
  public var f1: Double { share(2 * correct, found + expected) }

  private func share(_ part: Int, _ all: Int) -> Double {
    all == 0 ? 0 : Double(part) / Double(all)
  }

  package mutating func add(
    _ found: some Collection<EntitySpan>, expected: some Collection<EntitySpan>
  ) {
    self.found += found.count
    self.expected += expected.count
    correct += Set(found).intersection(expected).count
  }

  mutating func add(_ other: EntityCounts) {
    correct += other.correct
    found += other.found
    expected += other.expected
  }
}
