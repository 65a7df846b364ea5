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

  /// Rewrites the text where a rule wants to, in one pass from left to right.
  ///
  /// - Parameters:
  ///   - isTouched: Whether to ask the rule at an index; most scalars should be done with here.
  ///   - rule: Looks at the text from an index on. It appends what it makes of the scalars there
  ///     and returns how many these are, or 0, without having appended any, to leave the one at the
  ///     index as it is.
  @inline(__always)
  mutating func rewrite(
    where isTouched: (_ text: Span<SourceScalar>, _ index: Int) -> Bool,
    _ rule: (_ text: [SourceScalar], _ index: Int, _ output: inout [SourceScalar]) -> Int
  ) {
    let text = scalars
    let span = text.span
    var index = 0
    var copied = 0
    var isRewritten = false
    output.removeAll(keepingCapacity: true)
    while index < span.count {
      guard isTouched(span, index) else {
        index += 1
        continue
      }
      output.append(contentsOf: text[copied..<index])
      let taken = rule(text, index, &output)
      isRewritten = isRewritten || taken > 0
      copied = index + taken
      index += max(taken, 1)
    }
    guard isRewritten else { return }
    output.append(contentsOf: text[copied...])
    swap(&scalars, &output)
  }

  /// The same with a rule that is asked where a sign stands `offset` scalars behind the index.
  @inline(__always)
  mutating func rewrite(
    at sign: UInt32, offset: Int = 0,
    _ rule: (_ text: [SourceScalar], _ index: Int, _ output: inout [SourceScalar]) -> Int
  ) {
    rewrite(
      where: { $1 + offset < $0.count && $0[$1 + offset].value == sign }, rule)
  }

  /// Deletes white space at both ends.
  mutating func strip() {
    while let last = scalars.last, last.isSpace { scalars.removeLast() }
    guard let first = scalars.first, first.isSpace else { return }
    let count = scalars.prefix { $0.isSpace }.count
    scalars.removeFirst(count)
  }
}
