/// Lower-cases a word and takes its accents away, as lowercase_and_remove_accent does.
struct WordFolder {
  /// The folded word. A scalar's bytes include those of the marks dropped behind it.
  private(set) var scalars: [SourceScalar] = []

  mutating func fold(_ text: [SourceScalar], _ word: Range<Int>) {
    scalars.removeAll(keepingCapacity: true)
    var runStart = 0
    for index in word {
      let scalar = text[index]
      let classes = scalar.classes
      if classes.contains(.nonSpacingMark) {
        if let last = scalars.indices.last { scalars[last].end = scalar.end }
        // A mark that is a starter parts the non-starters around it.
        if !classes.contains(.nonStarter) { sortRun(from: &runStart) }
        continue
      }
      if !classes.contains(.folds) {
        append(scalar, &runStart)
      } else if scalar == "Σ" {
        append(scalar.replaced(by: isFinalSigma(index, text, word) ? 0x3C2 : 0x3C3), &runStart)
      } else {
        forEachFolded(scalar.value) { append(scalar.replaced(by: $0), &runStart) }
      }
    }
    sortRun(from: &runStart)
  }

  /// Gives memory back after an unusually long word.
  mutating func shrink(to capacity: Int) {
    if scalars.capacity > capacity { scalars = [] }
  }

  private mutating func append(_ scalar: SourceScalar, _ runStart: inout Int) {
    if !scalar.classes.contains(.nonStarter) { sortRun(from: &runStart) }
    scalars.append(scalar)
    if !scalar.classes.contains(.nonStarter) { runStart = scalars.count }
  }

  /// Brings the non-starters since `start` into canonical order, and begins a new run.
  private mutating func sortRun(from start: inout Int) {
    scalars.orderNonStarters(from: start)
    start = scalars.count
  }
}

/// Whether the sigma at `index` ends a word: a cased letter before it and none behind, with signs like apostrophes and
/// marks not counted. Nothing outside `range` is looked at.
func isFinalSigma(_ index: Int, _ text: [SourceScalar], _ range: Range<Int>) -> Bool {
  let isCounted = { (index: Int) in !text[index].classes.contains(.caseIgnorable) }
  let before = (range.lowerBound..<index).last(where: isCounted)
  let after = (index + 1..<range.upperBound).first(where: isCounted)
  return before.map { text[$0].classes.contains(.cased) } ?? false
    && !(after.map { text[$0].classes.contains(.cased) } ?? false)
}
