/// What a scalar becomes: one or two scalars, the second 0 if there is none.
typealias ScalarPair = (first: UInt32, second: UInt32)

/// The lower-case form of one scalar that is in `CharacterClass.lowers`.
func lowerCased(_ scalar: UInt32) -> ScalarPair {
  find(scalar, in: lowerCaseRecords) ?? (scalar, 0)
}

/// Appends the lower-case form of `scalar`, decomposed and without non-spacing marks.
///
/// - Parameter scalar: Of the class `folds`, which non-spacing marks are not.
func forEachFolded(_ scalar: UInt32, _ body: (UInt32) -> Void) {
  if let index = hangulIndex(scalar) {
    body(0x1100 + index / (21 * 28))
    body(0x1161 + index / 28 % 21)
    if index % 28 != 0 { body(0x11A7 + index % 28) }
    return
  }
  guard let (first, second) = find(scalar, in: foldRecords) else { return body(scalar) }
  // A result of three scalars is kept as a pair whose first half maps to a pair in its turn.
  if second != 0, let inner = find(first, in: foldRecords), inner.first != first {
    body(inner.first)
    if inner.second != 0 { body(inner.second) }
  } else {
    body(first)
  }
  if second != 0 { body(second) }
}

private func hangulIndex(_ scalar: UInt32) -> UInt32? {
  scalar >= 0xAC00 && scalar <= 0xD7A3 ? scalar - 0xAC00 : nil
}

/// What `scalar` becomes by `records`, which are in the order of the scalars that they map.
func find(_ scalar: UInt32, in records: [UInt64]) -> ScalarPair? {
  var low = 0
  var high = records.count
  while low < high {
    let middle = (low + high) / 2
    if records[middle] >> 42 < UInt64(scalar) { low = middle + 1 } else { high = middle }
  }
  guard low < records.count, records[low] >> 42 == UInt64(scalar) else { return nil }
  let record = records[low]
  return (UInt32(record >> 21 & 0x1FFFFF), UInt32(record & 0x1FFFFF))
}
