/// A JSON value. Objects keep the order of their keys, and integers stay exact.
///
/// Strings and keys are compared by their UTF-8 bytes: `==` of `String` would take canonically
/// equivalent spellings for the same.
public enum JSONValue: Sendable {
  case null
  case bool(Bool)
  /// A number without fraction and exponent that fits `Int64`.
  case integer(Int64)
  /// A number without fraction and exponent that fits `UInt64` but not `Int64`.
  case unsigned(UInt64)
  /// Any other number.
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)
}

extension JSONValue: Equatable {
  public static func == (a: JSONValue, b: JSONValue) -> Bool {
    switch (a, b) {
    case (.null, .null): true
    case (.bool(let a), .bool(let b)): a == b
    case (.integer(let a), .integer(let b)): a == b
    case (.unsigned(let a), .unsigned(let b)): a == b
    case (.number(let a), .number(let b)): a == b
    case (.string(let a), .string(let b)): a.utf8.elementsEqual(b.utf8)
    case (.array(let a), .array(let b)): a == b
    case (.object(let a), .object(let b)): a == b
    default: false
    }
  }
}

// What a value is, or nil if it is something else.
extension JSONValue {
  public var isNull: Bool { self == .null }

  public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }

  public var int: Int? { if case .integer(let value) = self { Int(exactly: value) } else { nil } }

  /// The value of an integer that is not negative.
  public var uint64: UInt64? {
    switch self {
    case .integer(let value): UInt64(exactly: value)
    case .unsigned(let value): value
    default: nil
    }
  }

  /// The value of any number, rounded to the nearest double.
  public var double: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .unsigned(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  public var string: String? { if case .string(let value) = self { value } else { nil } }
  public var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
  public var object: JSONObject? { if case .object(let value) = self { value } else { nil } }

  /// The value of `key` if this is an object that has it.
  public subscript(key: String) -> JSONValue? { object?[key] }
}

extension JSONValue {
  public init(_ value: Bool) { self = .bool(value) }
  public init(_ value: String) { self = .string(value) }
  public init(_ value: Double) { self = .number(value) }
  /// The shortest decimal that reads back as `value`, rather than the double it happens to equal.
  public init(_ value: Float) { self = .number(Double(value.description) ?? Double(value)) }
  public init(_ values: [JSONValue]) { self = .array(values) }
  public init(_ object: JSONObject) { self = .object(object) }

  public init(_ value: some BinaryInteger) {
    if let signed = Int64(exactly: value) {
      self = .integer(signed)
    } else if let unsigned = UInt64(exactly: value) {
      self = .unsigned(unsigned)
    } else {
      self = .number(Double(value))
    }
  }
}

extension JSONValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByStringInterpolation,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  public init(nilLiteral: ()) { self = .null }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(integerLiteral value: Int64) { self = .integer(value) }
  public init(floatLiteral value: Double) { self = .number(value) }
  public init(stringLiteral value: String) { self = .string(value) }
  public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }

  /// A key may occur only once.
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    self = .object(JSONObject(uniqueEntries: elements))
  }
}
