/// The text between two special tokens while the rules rewrite it.
///
/// Each rule is one pass, in the order in which the Python packages apply theirs: later rules see
/// what earlier ones made, and a pass goes on behind what it has replaced. Rules about signs that
/// the text does not have are skipped, which leaves a handful of passes for an ordinary sentence.
struct TextBuffer {
  var scalars: [SourceScalar] = []
  private var output: [SourceScalar] = []
  var presence = Presence()

  mutating func removeAll() {
    scalars.removeAll(keepingCapacity: true)
    presence = Presence()
  }

  /// Gives memory back after an unusually long text.
  mutating func shrink(to capacity: Int) {
    if scalars.capacity > capacity { scalars = [] }
    if output.capacity > capacity { output = [] }
  }

  /// Appends a scalar of the text.
  @inline(__always)
  mutating func append(_ scalar: SourceScalar) {
    if scalar.classes.rawValue & (CharacterClass.control.rawValue | CharacterClass.space.rawValue)
      != 0
    {
      if scalar.classes.contains(.control) { presence.hasControls = true }
      if scalar.isSpace, scalar != " " || (scalars.last.map { $0 == " " } ?? true) {
        presence.hasOddSpace = true
      }
    }
    presence.note(scalar.value)
    scalars.append(scalar)
  }

  /// Rewrites the text in one pass from left to right.
  ///
  /// - Parameter rule: Looks at the text from an index on. It appends what it makes of the scalars
  ///   there and returns how many these are, or 0 to leave the one at the index as it is.
  @inline(__always)
  mutating func rewrite(
    _ rule: (_ text: [SourceScalar], _ index: Int, _ output: inout [SourceScalar]) -> Int
  ) {
    output.removeAll(keepingCapacity: true)
    var index = 0
    while index < scalars.count {
      let taken = rule(scalars, index, &output)
      if taken == 0 { output.append(scalars[index]) }
      index += max(taken, 1)
    }
    swap(&scalars, &output)
  }

  /// Rewrites the text where a sign occurs, in one pass from left to right.
  ///
  /// - Parameters:
  ///   - sign: Where it stands, `offset` scalars behind the index, the rule is asked.
  ///   - rule: As above.
  @inline(__always)
  mutating func rewrite(
    at sign: UInt32, offset: Int = 0,
    _ rule: (_ text: [SourceScalar], _ index: Int, _ output: inout [SourceScalar]) -> Int
  ) {
    output.removeAll(keepingCapacity: true)
    var index = 0
    var copied = 0
    var isRewritten = false
    while let next = position(of: sign, from: index + offset) {
      index = next - offset
      output.append(contentsOf: scalars[copied..<index])
      let taken = rule(scalars, index, &output)
      isRewritten = isRewritten || taken > 0
      copied = index + taken
      index += max(taken, 1)
    }
    guard isRewritten else { return }
    output.append(contentsOf: scalars[copied...])
    swap(&scalars, &output)
  }

  private func position(of sign: UInt32, from start: Int) -> Int? {
    var index = start
    while index < scalars.count {
      if scalars[index].value == sign { return index }
      index += 1
    }
    return nil
  }

  /// Deletes white space at both ends.
  mutating func strip() {
    while let last = scalars.last, last.isSpace { scalars.removeLast() }
    guard let first = scalars.first, first.isSpace else { return }
    let count = scalars.prefix { $0.isSpace }.count
    scalars.removeFirst(count)
  }
}
