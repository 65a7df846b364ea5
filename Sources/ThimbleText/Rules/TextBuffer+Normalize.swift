// The rules of replace-unicode-punctuation, normalize-punctuation and remove-non-printing-char in
// the form that sacremoses 0.2.0 and transformers 4.57 give them, quirks included.

extension TextBuffer {
  /// Gives full-width and typographic signs their ASCII form.
  mutating func replacePunctuation() {
    asciiForms.apply(to: &self)
    for stop: Unicode.Scalar in ["。", "．"] where presence.contains(stop) {
      // The white space behind a full stop is replaced with it.
      rewrite(at: stop.value) { text, index, output in
        output.append(text[index].replaced(by: 0x2E))
        output.append(text[index].spaceAfter)
        return 1 + text[(index + 1)...].prefix { $0.isSpace }.count
      }
      presence.note(0x2E)
      presence.hasOddSpace = true
    }
  }

  /// Normalises spaces, quotes and numbers.
  mutating func normalize(_ rules: LanguageRules) {
    parenthesesAlone.apply(to: &self)
    collapseSpaces()
    closeUpParentheses()
    spacesBeforeSigns.apply(to: &self)
    dashes.apply(to: &self)
    collapseSpaces()
    quotes.apply(to: &self)
    collapseSpaces()
    swapQuotesAndCommas(rules.quotesAndCommas)
    joinNumbers(rules.digitSeparator)
    strip()
  }

  /// Deletes control, format, private-use and unassigned characters, or makes them spaces.
  mutating func removeControls(_ rule: LanguageRules.Controls) {
    guard presence.hasControls else { return }
    switch rule {
    case .deleted: scalars.removeAll { $0.classes.contains(.control) }
    case .blank:
      for index in scalars.indices where scalars[index].classes.contains(.control) {
        scalars[index] = scalars[index].replaced(by: 0x20)
      }
    }
    presence.hasOddSpace = true
  }

  /// Takes the marks of Romanian letters away.
  mutating func foldRomanian() {
    for index in scalars.indices {
      let plain: UInt32
      switch scalars[index].value {
      case 0x15E, 0x218: plain = 0x53
      case 0x15F, 0x219: plain = 0x73
      case 0x162, 0x21A: plain = 0x54
      case 0x163, 0x21B: plain = 0x74
      case 0x102, 0xC2: plain = 0x41
      case 0x103, 0xE2: plain = 0x61
      case 0xCE: plain = 0x49
      case 0xEE: plain = 0x69
      default: continue
      }
      scalars[index] = scalars[index].replaced(by: plain)
      presence.note(plain)
    }
  }

  /// Makes one space of each run of spaces, no other white space.
  private mutating func collapseSpaces() {
    guard presence.hasOddSpace else { return }
    rewrite(where: { $1 > 0 && $0[$1] == " " && $0[$1 - 1] == " " }) { _, _, _ in 1 }
  }

  /// `) ,` becomes `),` and `5 %` becomes `5%`.
  private mutating func closeUpParentheses() {
    if presence.contains(")") {
      rewrite(at: 0x29) { text, index, output in
        guard index + 2 < text.count, text[index + 1] == " " else { return 0 }
        switch text[index + 2].value {
        case 0x2E, 0x21, 0x3A, 0x3F, 0x3B, 0x2C:
          output.append(text[index])
          output.append(text[index + 2])
          return 3
        default: return 0
        }
      }
    }
    parenthesesInside.apply(to: &self)
    guard presence.contains("%") else { return }
    rewrite(at: 0x25, offset: 2) { text, index, output in
      guard text[index].classes.contains(.digit), text[index + 1] == " " else { return 0 }
      output.append(text[index])
      output.append(text[index + 2])
      return 3
    }
  }

  private mutating func swapQuotesAndCommas(_ rule: LanguageRules.QuotesAndCommas) {
    guard rule != .unchanged, presence.contains("\"") else { return }
    guard rule == .inside else { return moveQuotesBehindStops() }
    if presence.contains(",") {
      rewrite(at: 0x22, offset: 1) { text, index, output in
        guard text[index] == "," else { return 0 }
        Self.append([0x22, 0x2C], from: text[index...index + 1], to: &output)
        return 2
      }
    }
    if presence.contains(".") { moveQuotesBeforePeriods() }
  }

  /// `",` becomes `,"`, with any run of commas and periods.
  private mutating func moveQuotesBehindStops() {
    rewrite(at: 0x22) { text, index, output in
      let run = text[(index + 1)...].prefix { $0 == "," || $0 == "." }
      guard let last = run.last else { return 0 }
      for scalar in run {
        output.append(SourceScalar(scalar.value, start: text[index].start, end: scalar.end))
      }
      output.append(SourceScalar(0x22, start: text[index].start, end: last.end))
      return run.count + 1
    }
  }

  /// `."` becomes `".` unless the text or a `<` follows.
  private mutating func moveQuotesBeforePeriods() {
    rewrite(at: 0x2E) { text, index, output in
      let run = text[index...].prefix { $0 == "." }
      let quote = run.endIndex
      let blanks = quote < text.count ? text[(quote + 1)...].prefix { $0.isSpace }.count : 0
      let next = quote + 1 + blanks
      let takesNext = next < text.count && text[next] != "<"
      guard quote < text.count, text[quote] == "\"", takesNext || blanks > 0 else {
        for scalar in run { output.append(scalar) }
        return run.count
      }
      output.append(SourceScalar(0x22, start: text[index].start, end: text[quote].end))
      for scalar in run {
        output.append(SourceScalar(0x2E, start: scalar.start, end: text[quote].end))
      }
      let end = takesNext ? next + 1 : next
      for scalar in text[(quote + 1)..<end] { output.append(scalar) }
      return end - index
    }
  }

  /// A no-break space between two digits becomes a comma or a period.
  private mutating func joinNumbers(_ separator: Unicode.Scalar) {
    guard presence.contains("\u{A0}") else { return }
    rewrite(at: 0xA0, offset: 1) { text, index, output in
      guard text[index].classes.contains(.digit), index + 2 < text.count,
        text[index + 2].classes.contains(.digit)
      else { return 0 }
      output.append(text[index])
      output.append(text[index + 1].replaced(by: separator.value))
      output.append(text[index + 2])
      return 3
    }
    presence.note(separator.value)
  }

  /// Appends swapped signs: each gets the bytes of both, so that ranges stay in order.
  private static func append(
    _ values: [UInt32], from scalars: ArraySlice<SourceScalar>, to output: inout [SourceScalar]
  ) {
    guard let first = scalars.first, let last = scalars.last else { return }
    for value in values { output.append(SourceScalar(value, start: first.start, end: last.end)) }
  }
}

private let asciiForms = LiteralRules([
  "，": ",", "、": ",", "”": "\"", "“": "\"", "∶": ":", "：": ":", "？": "?", "《": "\"",
  "》": "\"", "）": ")", "！": "!", "（": "(", "；": ";", "」": "\"", "「": "\"", "０": "0",
  "１": "1", "２": "2", "３": "3", "４": "4", "５": "5", "６": "6", "７": "7", "８": "8", "９": "9",
  "～": "~", "’": "'", "…": "...", "━": "-", "〈": "<", "〉": ">", "【": "[", "】": "]", "％": "%",
])
private let parenthesesAlone = LiteralRules(["\r": "", "(": " (", ")": ") "])
private let parenthesesInside = LiteralRules(["( ": "(", " )": ")"])
private let spacesBeforeSigns = LiteralRules([" :": ":", " ;": ";", "`": "'", "''": " \" "])
private let dashes = LiteralRules(["„": "\"", "“": "\"", "”": "\"", "–": "-", "—": " - "])
private let quotes = LiteralRules([
  "´": "'", "‘": "'", "‚": "'", "’": "'", "''": "\"", "…": "...",
  "\u{A0}«\u{A0}": "\"", "«\u{A0}": "\"", "«": "\"",
  "\u{A0}»\u{A0}": "\"", "\u{A0}»": "\"", "»": "\"",
  "\u{A0}%": "%", "nº\u{A0}": "nº ", "\u{A0}:": ":", "\u{A0}ºC": " ºC", "\u{A0}cm": " cm",
  "\u{A0}?": "?", "\u{A0}!": "!", "\u{A0};": ";", ",\u{A0}": ", ",
])
