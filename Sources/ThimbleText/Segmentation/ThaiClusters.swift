/// Where Thai text may be parted: at the ends of its character clusters, as pythainlp's tcc_p finds
/// them.
struct ThaiClusters {
  /// The forms of a cluster; the first that fits counts, and takes what it can.
  ///
  /// c is a consonant, t a tone mark that may be absent, k a closing consonant with its silent mark
  /// that may be absent, > demands a consonant, a leading vowel or the end of the text.
  private static let forms = [
    "เc็ck", "เcctาะk", "เccีtยะk", "เccีtย>k", "เcc็ck", "เcิc์ck", "เcิtck", "เcีtยะ?k", "เcืtอะ?k",
    "เc[ิีุู]tย>k", "เctา?ะ?k", "cัtวะk", "c[ัื]tc[ุิะ]?k", "c[ิุู]์", "c[ะ-ู]tk", "cรรc์", "c็",
    "ct[ะาำ]?k", "ck", "แc็c", "แcc์", "แctะ", "แcc็c", "แccc์", "โctะ", "[เ-ไ]ct", "ก็", "อึ", "หึ",
  ]

  private enum Part {
    case one(ThaiSet)
    case perhaps(ThaiSet)
    case closing
    case lookahead
    case end
  }

  private static let consonant = ThaiSet(0x0E01...0x0E2E)
  private static let leadingVowel = ThaiSet(0x0E40...0x0E44)
  private static let tone = ThaiSet(0x0E48...0x0E4B)
  private static let silentMark = ThaiSet(0x0E4C...0x0E4C)
  private static let vowelBeforeMark = ThaiSet(0x0E34...0x0E34).union(ThaiSet(0x0E38...0x0E39))

  /// The parts of all forms, one behind the other, and where each form begins.
  private let parts: [Part]
  private let starts: [Int]

  init() {
    var parts: [Part] = []
    var starts: [Int] = []
    for form in Self.forms {
      starts.append(parts.count)
      parts += Self.parse(form)
    }
    self.parts = parts
    self.starts = starts
  }

  private static func parse(_ form: String) -> [Part] {
    var parts: [Part] = []
    var members: [UInt32]?
    for scalar in form.unicodeScalars {
      switch scalar {
      case "[": members = []
      case "]":
        parts.append(.one(ThaiSet(members: members ?? [])))
        members = nil
      case _ where members != nil: members?.append(scalar.value)
      case "c": parts.append(.one(consonant))
      case "t": parts.append(.perhaps(tone))
      case "k": parts.append(.closing)
      case ">": parts.append(.lookahead)
      case "?": if case .one(let set)? = parts.popLast() { parts.append(.perhaps(set)) }
      default: parts.append(.one(ThaiSet(scalar.value...scalar.value)))
      }
    }
    return parts + [.end]
  }

  /// The end of the cluster that begins at `index`.
  func end(_ text: Span<SourceScalar>, at index: Int) -> Int {
    guard Self.consonant.has(text, index) || Self.leadingVowel.has(text, index) else {
      return index + 1
    }
    let parts = parts.span
    for start in starts {
      if let end = Self.match(parts, start, text, index) { return end }
    }
    return index + 1
  }

  /// The end of what the parts from `part` on match, as much as they can.
  private static func match(
    _ parts: Span<Part>, _ part: Int, _ text: Span<SourceScalar>, _ index: Int
  ) -> Int? {
    switch parts[part] {
    case .one(let set): return set.has(text, index) ? match(parts, part + 1, text, index + 1) : nil
    case .perhaps(let set):
      if set.has(text, index), let end = match(parts, part + 1, text, index + 1) { return end }
      return match(parts, part + 1, text, index)
    case .lookahead:
      let fits =
        index == text.count || consonant.has(text, index) || leadingVowel.has(text, index)
      return fits ? match(parts, part + 1, text, index) : nil
    // Nothing but the end follows.
    case .closing: return closing(text, index) ?? index
    case .end: return index
    }
  }

  /// One or two consonants, perhaps a lower vowel or ิ, and the silent mark.
  private static func closing(_ text: Span<SourceScalar>, _ start: Int) -> Int? {
    guard consonant.has(text, start) else { return nil }
    let longest = consonant.has(text, start + 1) ? start + 2 : start + 1
    for index in stride(from: longest, to: start, by: -1) {
      let mark = vowelBeforeMark.has(text, index) ? index + 1 : index
      if silentMark.has(text, mark) { return mark + 1 }
    }
    return nil
  }
}

/// A set of scalars of the block U+0E00 to U+0E7F.
private struct ThaiSet {
  private var low: UInt64 = 0
  private var high: UInt64 = 0

  init(_ range: ClosedRange<UInt32>) {
    for value in range { insert(value) }
  }

  /// - Parameter members: scalars, or the ends of one range with a hyphen between them.
  init(members: [UInt32]) {
    let isRange = members.count == 3 && members[1] == 0x2D
    for value in isRange ? Array(members[0]...members[2]) : members { insert(value) }
  }

  private mutating func insert(_ value: UInt32) {
    if value & 0x40 == 0 { low |= 1 << UInt64(value & 63) } else { high |= 1 << UInt64(value & 63) }
  }

  func union(_ other: ThaiSet) -> ThaiSet {
    var union = self
    union.low |= other.low
    union.high |= other.high
    return union
  }

  /// Whether the scalar at `index`, which may be past the end, is in the set.
  @inline(__always)
  func has(_ text: Span<SourceScalar>, _ index: Int) -> Bool {
    guard index < text.count else { return false }
    let value = text[index].value
    guard value >> 7 == 0x0E00 >> 7 else { return false }
    return (value & 0x40 == 0 ? low : high) >> UInt64(value & 63) & 1 != 0
  }
}
