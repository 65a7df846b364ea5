/// Reads a text that is one object of integers, `{"a": 0, "b": 1}`, member by member.
///
/// No value is built: a vocabulary of 200,000 tokens takes milliseconds and no heap block a key.
///
///     var members = try JSONIntegerMembers(bytes)
///     while let value = try members.next(bytes) { use(members.key, value) }
///
/// - Note: A key that occurs twice is given twice. The caller, who keeps the keys, looks for those.
public struct JSONIntegerMembers {
  private var scanner: JSONScanner
  private var isFirst = true

  /// - Parameter bytes: the text, which every call of `next` is given again: a span cannot be kept.
  public init(_ bytes: Span<UInt8>) throws(JSONError) {
    scanner = try JSONScanner(bytes)
    try scanner.require("{", or: "an object", bytes)
  }

  /// The unescaped UTF-8 bytes of the key that was read last.
  public var key: [UInt8] { scanner.text }

  /// The byte offset behind the member that was read last.
  public var offset: Int { scanner.position }

  /// - Returns: the value of the next member, or nil at the end of the text.
  public mutating func next(_ bytes: Span<UInt8>) throws(JSONError) -> Int64? {
    if isFirst ? scanner.take("}", bytes) : !scanner.take(",", bytes) {
      if !isFirst { try scanner.require("}", or: "\",\" or \"}\"", bytes) }
      try scanner.requireEnd(bytes)
      return nil
    }
    isFirst = false
    _ = scanner.peek(bytes)
    try scanner.scanString(bytes)
    try scanner.require(":", bytes)
    let first = scanner.peek(bytes) ?? 0
    let start = scanner.position
    guard first == UInt8(ascii: "-") || first &- UInt8(ascii: "0") < 10,
      case .integer(let value) = try scanner.scanNumber(bytes)
    else { throw .unexpected(expected: "a 64-bit integer", offset: start) }
    return value
  }
}
