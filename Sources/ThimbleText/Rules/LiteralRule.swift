/// A rule that replaces up to three scalars by up to three others.
struct LiteralRule {
  private let pattern: (UInt32, UInt32, UInt32)
  private let replacement: (UInt32, UInt32, UInt32)
  private let patternCount: Int
  private let replacementCount: Int
  /// Whether as many signs come out as go in.
  private let keepsBytes: Bool
  /// A sign without which the pattern cannot occur, and where it is in it.
  let trigger: UInt32
  private let triggerOffset: Int

  /// - Parameters: pattern: With something else than spaces, of which the trigger is taken.
  ///   replacement: Empty, or the pattern has a sign that is no white space.
  init(_ pattern: String, _ replacement: String) {
    let pattern = pattern.unicodeScalars.map(\.value)
    let replacement = replacement.unicodeScalars.map(\.value)
    precondition((1...3).contains(pattern.count) && replacement.count <= 3, "not a literal rule")
    func triple(_ values: [UInt32]) -> (UInt32, UInt32, UInt32) {
      (values.first ?? 0, values.count > 1 ? values[1] : 0, values.count > 2 ? values[2] : 0)
    }
    keepsBytes =
      pattern.count { !CharacterClass.of($0).contains(.space) } == replacement.count { $0 != 0x20 }
    self.pattern = triple(pattern)
    self.replacement = triple(replacement)
    patternCount = pattern.count
    replacementCount = replacement.count
    let signs = pattern.filter { $0 != 0x20 }
    trigger = signs.first { !CharacterClass.of($0).contains(.alphanumeric) } ?? signs[0]
    triggerOffset = pattern.firstIndex(of: trigger) ?? 0
  }

  /// Applies the rule to the whole text.
  func apply(to text: inout TextBuffer) {
    guard text.presence.contains(trigger) else { return }
    var applied = false
    text.rewrite(at: trigger, offset: triggerOffset) { scalars, index, output in
      guard matches(scalars, index) else { return 0 }
      applied = true
      append(scalars, index, to: &output)
      return patternCount
    }
    if applied { note(in: &text.presence) }
  }

  @inline(__always)
  private func matches(_ scalars: [SourceScalar], _ index: Int) -> Bool {
    scalars[index].value == pattern.0 && index + patternCount <= scalars.count
      && (patternCount < 2 || scalars[index + 1].value == pattern.1)
      && (patternCount < 3 || scalars[index + 2].value == pattern.2)
  }

  /// Signs keep their bytes where their number stays; else each new one has the bytes of all.
  @inline(__always)
  private func append(
    _ scalars: [SourceScalar], _ index: Int, to output: inout [SourceScalar]
  ) {
    // Only a rule that deletes may have a pattern of white space alone.
    guard replacementCount > 0 else { return }
    var sign = index
    while scalars[sign].isSpace { sign += 1 }
    var last = index + patternCount - 1
    while scalars[last].isSpace { last -= 1 }
    let whole = SourceScalar(0x20, start: scalars[sign].start, end: scalars[last].end)
    for position in 0..<replacementCount {
      let value = Self.at(position, replacement)
      if value == 0x20 || !keepsBytes {
        output.append(whole.replaced(by: value))
      } else {
        output.append(scalars[sign].replaced(by: value))
        repeat { sign += 1 } while sign < last && scalars[sign].isSpace
      }
    }
  }

  @inline(__always)
  private static func at(_ position: Int, _ values: (UInt32, UInt32, UInt32)) -> UInt32 {
    position == 0 ? values.0 : position == 1 ? values.1 : values.2
  }

  private func note(in presence: inout Presence) {
    for position in 0..<replacementCount {
      let value = Self.at(position, replacement)
      presence.note(value)
      if value == 0x20 { presence.hasOddSpace = true }
    }
  }
}

/// Rules that follow each other, skipped together where no sign of theirs occurs.
struct LiteralRules {
  private let rules: [LiteralRule]
  private var triggers = Presence()

  init(_ pairs: KeyValuePairs<String, String>) {
    rules = pairs.map { LiteralRule($0.key, $0.value) }
    for rule in rules { triggers.note(rule.trigger) }
  }

  func apply(to text: inout TextBuffer) {
    // What one rule makes, a later one may want.
    guard text.presence.intersects(triggers) else { return }
    for rule in rules { rule.apply(to: &text) }
  }
}
