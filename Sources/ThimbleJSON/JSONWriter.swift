extension JSONValue {
  /// How a value is laid out as text.
  public enum Layout: Sendable {
    /// No whitespace at all, on one line.
    case compact
    /// Two spaces a level; arrays of plain values stay on one line.
    case pretty
  }

  /// The value as JSON text.
  ///
  /// Doubles are written with the fewest digits that read back as the same double. NaN and the
  /// infinities, which JSON cannot say, become null.
  public func text(_ layout: Layout = .compact) -> String {
    var writer = JSONWriter(isPretty: layout == .pretty)
    writer.write(self)
    return writer.text
  }
}

extension JSONValue: CustomStringConvertible {
  /// The compact text.
  public var description: String { text() }
}

private struct JSONWriter {
  let isPretty: Bool
  var text = ""
  private var depth = 0

  init(isPretty: Bool) { self.isPretty = isPretty }

  mutating func write(_ value: JSONValue) {
    switch value {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .integer(let value): text += "\(value)"
    case .unsigned(let value): text += "\(value)"
    case .number(let value): text += value.isFinite ? "\(value)" : "null"
    case .string(let value): write(value)
    case .array(let values): write(values)
    case .object(let object): write(object)
    }
  }

  private mutating func write(_ values: [JSONValue]) {
    let breaks = isPretty && values.contains(where: \.isContainer)
    writeList("[", "]", values, separator: isPretty && !breaks ? ", " : ",", breaks: breaks) {
      $0.write($1)
    }
  }

  private mutating func write(_ object: JSONObject) {
    writeList("{", "}", object, separator: ",", breaks: isPretty && !object.isEmpty) {
      $0.write($1.key)
      $0.text += $0.isPretty ? ": " : ":"
      $0.write($1.value)
    }
  }

  private mutating func writeList<List: Collection>(
    _ open: String, _ close: String, _ list: List, separator: String, breaks: Bool,
    _ writeElement: (inout JSONWriter, List.Element) -> Void
  ) {
    text += open
    depth += 1
    var isFirst = true
    for element in list {
      if !isFirst { text += separator }
      isFirst = false
      if breaks { breakLine() }
      writeElement(&self, element)
    }
    depth -= 1
    if breaks { breakLine() }
    text += close
  }

  private mutating func breakLine() {
    text += "\n"
    text += String(repeating: "  ", count: depth)
  }

  private mutating func write(_ string: String) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      // Also DEL, the C1 controls and what reverses the direction of writing or ends lines: a terminal or page that
      // shows the text obeys nothing in it.
      case "\0"..<" ", "\u{7F}"..."\u{9F}", "\u{61C}", "\u{200E}", "\u{200F}",
        "\u{2028}"..."\u{202E}", "\u{2066}"..."\u{2069}", "\u{FEFF}":
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}

extension JSONValue {
  fileprivate var isContainer: Bool {
    switch self {
    case .array, .object: true
    default: false
    }
  }
}
