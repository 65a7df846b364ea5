extension JSONValue {
  /// Parses a whole text of RFC 8259: UTF-8 without byte order mark, no extensions, no key twice.
  ///
  /// - Parameters:
  ///   - bytes: the text; nothing of it is kept.
  ///   - maximumDepth: how deep arrays and objects may nest.
  ///   - maximumValueCount: how many values there may be, which bounds the memory of the result.
  public init(
    parsing bytes: Span<UInt8>, maximumDepth: Int = 64, maximumValueCount: Int = 1 << 20
  ) throws(JSONError) {
    var parser = JSONParser(
      scanner: try JSONScanner(bytes), maximumDepth: maximumDepth,
      maximumValueCount: maximumValueCount)
    self = try parser.parseValue(bytes)
    try parser.scanner.requireEnd(bytes)
  }

  /// Parses `bytes` under the default limits.
  public init(parsing bytes: [UInt8]) throws(JSONError) {
    try self.init(parsing: bytes.span)
  }

  /// Parses `text` under the default limits.
  public init(parsing text: String) throws(JSONError) {
    try self.init(parsing: Array(text.utf8))
  }
}

private struct JSONParser {
  var scanner: JSONScanner
  let maximumDepth: Int
  let maximumValueCount: Int
  private var depth = 0
  private var valueCount = 0

  init(scanner: JSONScanner, maximumDepth: Int, maximumValueCount: Int) {
    self.scanner = scanner
    self.maximumDepth = maximumDepth
    self.maximumValueCount = maximumValueCount
  }

  mutating func parseValue(_ bytes: Span<UInt8>) throws(JSONError) -> JSONValue {
    valueCount += 1
    guard valueCount <= maximumValueCount else {
      throw .tooManyValues(limit: maximumValueCount, offset: scanner.position)
    }
    // No token begins with byte 0, so it may stand for the end of the text.
    let first = scanner.peek(bytes) ?? 0
    switch first {
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      guard depth < maximumDepth else {
        throw .tooDeep(limit: maximumDepth, offset: scanner.position)
      }
      depth += 1
      defer { depth -= 1 }
      return first == UInt8(ascii: "{")
        ? .object(try parseObject(bytes)) : .array(try parseArray(bytes))
    case UInt8(ascii: "\""):
      return .string(try parseString(bytes))
    case UInt8(ascii: "t"):
      try scanner.takeWord("true", bytes)
      return .bool(true)
    case UInt8(ascii: "f"):
      try scanner.takeWord("false", bytes)
      return .bool(false)
    case UInt8(ascii: "n"):
      try scanner.takeWord("null", bytes)
      return .null
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
      return try scanner.scanNumber(bytes)
    default:
      throw scanner.unexpected("a value")
    }
  }

  private mutating func parseString(_ bytes: Span<UInt8>) throws(JSONError) -> String {
    try scanner.scanString(bytes)
    return String(decoding: scanner.text, as: UTF8.self)
  }

  private mutating func parseArray(_ bytes: Span<UInt8>) throws(JSONError) -> [JSONValue] {
    try scanner.require("[", bytes)
    var values: [JSONValue] = []
    if scanner.take("]", bytes) { return values }
    repeat {
      values.append(try parseValue(bytes))
    } while scanner.take(",", bytes)
    try scanner.require("]", or: "\",\" or \"]\"", bytes)
    return values
  }

  private mutating func parseObject(_ bytes: Span<UInt8>) throws(JSONError) -> JSONObject {
    try scanner.require("{", bytes)
    var object = JSONObject()
    if scanner.take("}", bytes) { return object }
    repeat {
      _ = scanner.peek(bytes)
      let offset = scanner.position
      let key = try parseString(bytes)
      try scanner.require(":", bytes)
      guard object.insert(try parseValue(bytes), forKey: key) else {
        throw .duplicateKey(key, offset: offset)
      }
    } while scanner.take(",", bytes)
    try scanner.require("}", or: "\",\" or \"}\"", bytes)
    return object
  }
}
