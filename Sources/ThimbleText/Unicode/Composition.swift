/// Canonical composition (NFC) as Unicode Standard Annex #15 defines it, by the tables of Unicode 14.0.
extension [SourceScalar] {
  /// The text in NFC. A scalar has the bytes of all that it was made of; ranges stay in order.
  func composed() -> [SourceScalar] {
    var output: [SourceScalar] = []
    output.reserveCapacity(count)
    var runStart = 0
    for scalar in self {
      forEachDecomposed(scalar.value) { value in
        let part = scalar.replaced(by: value)
        if !part.classes.contains(.nonStarter) { output.orderNonStarters(from: runStart) }
        output.append(part)
        if !part.classes.contains(.nonStarter) { runStart = output.count }
      }
    }
    output.orderNonStarters(from: runStart)
    output.composeStarters()
    return output
  }

  /// Brings the non-starters from `start` to the end into canonical order. The bytes stay where they were.
  mutating func orderNonStarters(from start: Int) {
    guard count - start > 1 else { return }
    let sorted = self[start...].enumerated().sorted {
      (combiningClass($0.element.value), $0.offset) < (combiningClass($1.element.value), $1.offset)
    }
    for (index, item) in sorted.enumerated() {
      self[start + index] = self[start + index].replaced(by: item.element.value)
    }
  }

  /// Puts each starter together with what behind it composes with it and nothing keeps apart from it.
  private mutating func composeStarters() {
    var starter: Int?
    var lastClass: UInt8 = 0
    var end = 0
    for index in indices {
      let scalar = self[index]
      let own = scalar.classes.contains(.nonStarter) ? combiningClass(scalar.value) : 0
      if let starter, starter == end - 1 || lastClass < own,
        let composite = composition(self[starter].value, scalar.value)
      {
        self[starter] = SourceScalar(composite, start: self[starter].start, end: scalar.end)
        continue
      }
      if own == 0 { starter = end }
      lastClass = own
      self[end] = scalar
      end += 1
    }
    removeLast(count - end)
    // A mark that did not compose may stand behind one with bytes of a later mark.
    for index in indices.dropFirst() {
      self[index].end = Swift.max(self[index].end, self[index - 1].end)
    }
  }
}

/// Calls `body` with the scalars of the canonical decomposition of `scalar`. Syllables of Hangul stay whole: NFC would
/// only compose them again.
private func forEachDecomposed(_ scalar: UInt32, _ body: (UInt32) -> Void) {
  // No scalar below decomposes.
  guard scalar >= 0xC0, let (first, second) = find(scalar, in: decompositions) else {
    return body(scalar)
  }
  forEachDecomposed(first, body)
  if second != 0 { body(second) }
}

/// What `first` and `second` compose to; nil if they do not.
private func composition(_ first: UInt32, _ second: UInt32) -> UInt32? {
  if 0x1100..<0x1113 ~= first, 0x1161..<0x1176 ~= second {
    return 0xAC00 + ((first - 0x1100) * 21 + second - 0x1161) * 28
  }
  if 0xAC00..<0xD7A4 ~= first, (first - 0xAC00) % 28 == 0, 0x11A8..<0x11C3 ~= second {
    return first + second - 0x11A7
  }
  let key = UInt64(first) << 21 | UInt64(second)
  let index = compositions.firstPlace { $0 >> 21 >= key }
  guard index < compositions.count, compositions[index] >> 21 == key else { return nil }
  return UInt32(compositions[index] & 0x1FFFFF)
}

/// The canonical combining class of `scalar`.
func combiningClass(_ scalar: UInt32) -> UInt8 {
  let index = combiningClasses.firstPlace { $0 >> 8 >= scalar }
  guard index < combiningClasses.count, combiningClasses[index] >> 8 == scalar else { return 0 }
  return UInt8(truncatingIfNeeded: combiningClasses[index])
}

extension Array {
  /// The first index whose element `isBehind`; all behind it are, too.
  fileprivate func firstPlace(where isBehind: (Element) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if isBehind(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
