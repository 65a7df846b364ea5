/// Reads the tokens of JSON from bytes that are known to be UTF-8.
///
/// The bytes are a parameter of every method because a span cannot be stored.
struct JSONScanner {
  private(set) var position = 0
  /// The unescaped bytes of the string that was read last.
  private(set) var text: [UInt8] = []

  /// - Throws: `JSONError.invalidUTF8` unless all of `bytes` is UTF-8.
  init(_ bytes: Span<UInt8>) throws(JSONError) {
    do {
      _ = try UTF8Span(validating: bytes)
    } catch {
      throw .invalidUTF8(offset: error.byteOffsets.lowerBound)
    }
  }

  /// The next byte after whitespace, not consumed; nil at the end.
  mutating func peek(_ bytes: Span<UInt8>) -> UInt8? {
    while position < bytes.count {
      let byte = bytes[position]
      guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
      position += 1
    }
    return nil
  }

  /// Consumes `byte` if it comes next, after whitespace.
  mutating func take(_ byte: Unicode.Scalar, _ bytes: Span<UInt8>) -> Bool {
    guard peek(bytes) == UInt8(ascii: byte) else { return false }
    position += 1
    return true
  }

  mutating func require(
    _ byte: Unicode.Scalar, or expected: String? = nil, _ bytes: Span<UInt8>
  ) throws(JSONError) {
    guard take(byte, bytes) else { throw unexpected(expected ?? "\"\(byte)\"") }
  }

  mutating func requireEnd(_ bytes: Span<UInt8>) throws(JSONError) {
    guard peek(bytes) == nil else { throw unexpected("the end of the text") }
  }

  /// Consumes `word`, which stands at the position.
  mutating func takeWord(_ word: StaticString, _ bytes: Span<UInt8>) throws(JSONError) {
    for scalar in word.description.unicodeScalars {
      guard position < bytes.count, bytes[position] == UInt8(ascii: scalar) else {
        throw unexpected("\"\(word)\"")
      }
      position += 1
    }
  }

  func unexpected(_ expected: String) -> JSONError {
    .unexpected(expected: expected, offset: position)
  }

  /// Reads a string, quotes included, into `text`.
  mutating func scanString(_ bytes: Span<UInt8>) throws(JSONError) {
    try require("\"", or: "a string", bytes)
    text.removeAll(keepingCapacity: true)
    while position < bytes.count {
      let byte = bytes[position]
      switch byte {
      case UInt8(ascii: "\""):
        position += 1
        return
      case UInt8(ascii: "\\"):
        try scanEscape(bytes)
      case 0x00..<0x20:
        throw unexpected("an escaped control character")
      default:
        text.append(byte)
        position += 1
      }
    }
    throw unexpected("the end of a string")
  }

  private mutating func scanEscape(_ bytes: Span<UInt8>) throws(JSONError) {
    let start = position
    position += 1
    let letter = position < bytes.count ? bytes[position] : 0
    let plain: UInt8
    switch letter {
    case UInt8(ascii: "u"): return try scanUnicodeEscape(from: start, bytes)
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): plain = letter
    case UInt8(ascii: "b"): plain = 0x08
    case UInt8(ascii: "f"): plain = 0x0C
    case UInt8(ascii: "n"): plain = 0x0A
    case UInt8(ascii: "r"): plain = 0x0D
    case UInt8(ascii: "t"): plain = 0x09
    default: throw unexpected("one of \" \\ / b f n r t u after a backslash")
    }
    text.append(plain)
    position += 1
  }

  private mutating func scanUnicodeEscape(
    from start: Int, _ bytes: Span<UInt8>
  ) throws(JSONError) {
    var value = try scanHex(bytes)
    if (0xD800..<0xE000).contains(value) {
      guard value < 0xDC00, position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
        bytes[position + 1] == UInt8(ascii: "u")
      else { throw .loneSurrogate(offset: start) }
      position += 1
      let low = try scanHex(bytes)
      guard (0xDC00..<0xE000).contains(low) else { throw .loneSurrogate(offset: start) }
      value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
    }
    appendScalar(value)
  }

  /// Reads `uXXXX`.
  private mutating func scanHex(_ bytes: Span<UInt8>) throws(JSONError) -> UInt32 {
    position += 1
    var value: UInt32 = 0
    for _ in 0..<4 {
      let byte = position < bytes.count ? bytes[position] : 0
      let digit: UInt8
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
      default: throw unexpected("four hexadecimal digits")
      }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    return value
  }

  private mutating func appendScalar(_ value: UInt32) {
    switch value {
    case 0..<0x80:
      text.append(UInt8(value))
    case 0x80..<0x800:
      text.append(UInt8(0xC0 | value >> 6))
      text.append(UInt8(0x80 | value & 0x3F))
    case 0x800..<0x10000:
      text.append(UInt8(0xE0 | value >> 12))
      text.append(UInt8(0x80 | value >> 6 & 0x3F))
      text.append(UInt8(0x80 | value & 0x3F))
    default:
      text.append(UInt8(0xF0 | value >> 18))
      text.append(UInt8(0x80 | value >> 12 & 0x3F))
      text.append(UInt8(0x80 | value >> 6 & 0x3F))
      text.append(UInt8(0x80 | value & 0x3F))
    }
  }

  // No double needs more; it bounds the work of converting one.
  private static let longestNumber = 1024

  /// Reads a number: an integer stays exact where it fits 64 bits.
  mutating func scanNumber(_ bytes: Span<UInt8>) throws(JSONError) -> JSONValue {
    let start = position
    let isNegative = bytes[position] == UInt8(ascii: "-")
    if isNegative { position += 1 }
    var magnitude: UInt64? = 0
    let firstDigit = position
    try scanDigits(bytes) { digit in
      guard let value = magnitude else { return }
      let (tenfold, carry) = value.multipliedReportingOverflow(by: 10)
      let (sum, overflow) = tenfold.addingReportingOverflow(UInt64(digit))
      magnitude = carry || overflow ? nil : sum
    }
    if bytes[firstDigit] == UInt8(ascii: "0"), position > firstDigit + 1 {
      position = firstDigit + 1
      throw unexpected("no digit after a leading zero")
    }
    let isInteger = try !scanFraction(bytes)
    if isInteger, let magnitude {
      if !isNegative { return JSONValue(magnitude) }
      if magnitude <= Int64.min.magnitude {
        return .integer(Int64(truncatingIfNeeded: 0 &- magnitude))
      }
    }
    guard position - start <= Self.longestNumber else {
      throw .unexpected(
        expected: "a number of at most \(Self.longestNumber) characters", offset: start)
    }
    var literal = ""
    for index in start..<position { literal.unicodeScalars.append(Unicode.Scalar(bytes[index])) }
    guard let value = Double(literal), value.isFinite else { throw .numberTooLarge(offset: start) }
    return .number(value)
  }

  /// - Returns: whether there was a fraction or an exponent.
  private mutating func scanFraction(_ bytes: Span<UInt8>) throws(JSONError) -> Bool {
    var found = false
    if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
      found = true
      position += 1
      try scanDigits(bytes) { _ in }
    }
    if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
      found = true
      position += 1
      if position < bytes.count,
        bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-")
      {
        position += 1
      }
      try scanDigits(bytes) { _ in }
    }
    return found
  }

  /// Reads at least one digit.
  private mutating func scanDigits(
    _ bytes: Span<UInt8>, _ body: (UInt8) -> Void
  ) throws(JSONError) {
    let start = position
    while position < bytes.count, bytes[position] &- UInt8(ascii: "0") < 10 {
      body(bytes[position] - UInt8(ascii: "0"))
      position += 1
    }
    guard position > start else { throw unexpected("a digit") }
  }
}
