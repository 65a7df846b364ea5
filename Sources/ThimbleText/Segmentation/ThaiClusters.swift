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
  ].map(parse)

  private enum Part {
    case scalars([ClosedRange<UInt32>], isOptional: Bool)
    case closing
    case lookahead
  }

  private static let consonant: ClosedRange<UInt32> = 0x0E01...0x0E2E
  private static let leadingVowel: ClosedRange<UInt32> = 0x0E40...0x0E44
  private static let tone: ClosedRange<UInt32> = 0x0E48...0x0E4B
  private static let silentMark: UInt32 = 0x0E4C

  private static func parse(_ form: String) -> [Part] {
    var parts: [Part] = []
    var set: [UInt32]?
    for scalar in form.unicodeScalars {
      switch scalar {
      case "[": set = []
      case "]":
        let members = set ?? []
        // The sets of the forms are single scalars, or one range with a hyphen in its middle.
        parts.append(
          .scalars(
            members.count == 3 && members[1] == 0x2D
              ? [members[0]...members[2]] : members.map { $0...$0 }, isOptional: false))
        set = nil
      case _ where set != nil: set?.append(scalar.value)
      case "c": parts.append(.scalars([consonant], isOptional: false))
      case "t": parts.append(.scalars([tone], isOptional: true))
      case "k": parts.append(.closing)
      case ">": parts.append(.lookahead)
      case "?":
        if case .scalars(let ranges, _)? = parts.popLast() {
          parts.append(.scalars(ranges, isOptional: true))
        }
      default: parts.append(.scalars([scalar.value...scalar.value], isOptional: false))
      }
    }
    return parts
  }

  /// The end of the cluster that begins at `index`.
  static func end(_ text: ArraySlice<SourceScalar>, at index: Int) -> Int {
    let first = text[index].value
    guard consonant.contains(first) || leadingVowel.contains(first) else { return index + 1 }
    for form in forms {
      if let end = match(form[...], text, index) { return end }
    }
    return index + 1
  }

  /// The end of what `parts` match from `index` on, as much as they can.
  private static func match(
    _ parts: ArraySlice<Part>, _ text: ArraySlice<SourceScalar>, _ index: Int
  ) -> Int? {
    guard let part = parts.first else { return index }
    let rest = parts.dropFirst()
    switch part {
    case .scalars(let ranges, let isOptional):
      if has(ranges, text, index), let end = match(rest, text, index + 1) { return end }
      return isOptional ? match(rest, text, index) : nil
    case .closing: return closing(text, index) ?? index
    case .lookahead:
      let fits = index == text.endIndex || has([consonant, leadingVowel], text, index)
      return fits ? match(rest, text, index) : nil
    }
  }

  private static func has(
    _ ranges: [ClosedRange<UInt32>], _ text: ArraySlice<SourceScalar>, _ index: Int
  ) -> Bool {
    index < text.endIndex && ranges.contains { $0.contains(text[index].value) }
  }

  /// One or two consonants, perhaps a lower vowel or ิ, and the silent mark.
  private static func closing(_ text: ArraySlice<SourceScalar>, _ start: Int) -> Int? {
    guard has([consonant], text, start) else { return nil }
    let after = has([consonant], text, start + 1) ? [start + 2, start + 1] : [start + 1]
    for index in after {
      let hasVowel = has([0x0E34...0x0E34, 0x0E38...0x0E39], text, index)
      let mark = index + (hasVowel ? 1 : 0)
      if has([silentMark...silentMark], text, mark) { return mark + 1 }
    }
    return nil
  }
}
