// Names and texts come from files, requests and command lines. Printed as they are, they could steer a terminal, swap
// the order of what stands beside them, or fill a screen. Whatever prints foreign text prints it through these.

/// The most characters of foreign text in a message, where nobody asks for another limit.
public let printableLimit = 160

extension String {
  /// This text on one line, fit for a terminal or a log, and short.
  ///
  /// Control characters, line separators and invisible format characters, those that reverse the direction of
  /// writing among them, are spelled out: `\n`, `\r`, `\t`, else `\u{1B}`. The joiners U+200C and U+200D stay, which
  /// words of many languages need. What is left out is counted: `abc… (1997 more)`. For people: text that spells
  /// out such an escape itself looks the same.
  ///
  /// - Parameters:
  ///   - limit: the most characters (Unicode scalars) of this text that are kept.
  ///   - keepsLines: whether line feeds stay, for a message of several lines.
  public func printable(limit: Int = printableLimit, keepsLines: Bool = false) -> String {
    var text = PrintableText(limit: limit, keepsLines: keepsLines)
    for scalar in unicodeScalars { text.append(scalar) }
    return text.finished
  }

  /// The text of bytes that ought to be UTF-8, made printable as a string is; bytes that are not UTF-8 read `\xFF`.
  public init(printable bytes: Span<UInt8>, limit: Int = printableLimit) {
    var text = PrintableText(limit: limit)
    var start = 0
    while start < bytes.count {
      let rest = bytes.extracting(start...)
      let (end, bad): (Int, Range<Int>?) = Self.firstError(in: rest)
      if let valid = try? UTF8Span(validating: rest.extracting(first: end)) {
        var scalars = valid.makeUnicodeScalarIterator()
        while let scalar = scalars.next() { text.append(scalar) }
      }
      for index in bad ?? end..<end { text.append(byte: rest[index]) }
      start += bad?.upperBound ?? end
    }
    self = text.finished
  }

  /// How many bytes are UTF-8, and which ones behind them are not.
  private static func firstError(in bytes: Span<UInt8>) -> (end: Int, bad: Range<Int>?) {
    do {
      _ = try UTF8Span(validating: bytes)
      return (bytes.count, nil)
    } catch { return (error.byteOffsets.lowerBound, error.byteOffsets) }
  }
}

extension Collection<String> {
  /// The members, printable and joined; the last ones are counted where they are too many: `a, b and 3 more`.
  ///
  /// - Parameters:
  ///   - count: the most members that are named.
  ///   - limit: the most characters of each member.
  public func printable(
    count limitOfCount: Int = 20, limit: Int = 80, separator: String = ", "
  ) -> String {
    let named = prefix(limitOfCount).map { $0.printable(limit: limit) }
    let rest = count - named.count
    return named.joined(separator: separator) + (rest > 0 ? " and \(rest) more" : "")
  }
}

/// Text that grows by characters, of which the first are kept in printable form.
private struct PrintableText {
  let limit: Int
  var keepsLines = false
  private var text = ""
  private var count = 0

  init(limit: Int, keepsLines: Bool = false) {
    (self.limit, self.keepsLines) = (limit, keepsLines)
  }

  var finished: String { count > limit ? "\(text)… (\(count - limit) more)" : text }

  mutating func append(_ scalar: Unicode.Scalar) {
    count += 1
    guard count <= limit else { return }
    switch scalar {
    case "\n" where keepsLines: text.unicodeScalars.append(scalar)
    case "\n": text += "\\n"
    case "\r": text += "\\r"
    case "\t": text += "\\t"
    case _ where scalar.isPrintable: text.unicodeScalars.append(scalar)
    default: text += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
    }
  }

  /// Appends a byte that belongs to no character.
  mutating func append(byte: UInt8) {
    count += 1
    guard count <= limit else { return }
    text += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
  }
}

extension Unicode.Scalar {
  /// Whether the character shows, or stands for white space, and steers nothing.
  fileprivate var isPrintable: Bool {
    if value < 0x7F { return value >= 0x20 }
    switch properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator, .surrogate: return false
    case .format: return value == 0x200C || value == 0x200D
    case .unassigned: return !properties.isDefaultIgnorableCodePoint
    default: return true
    }
  }
}
