/// The members of a JSON object, in order. Keys are unique, and compared by their UTF-8 bytes.
public struct JSONObject: Sendable, Equatable, ExpressibleByDictionaryLiteral {
  private var keys: [UTF8Key] = []
  private var values: [JSONValue] = []
  /// Where each key stands; empty while the object is small enough to search from the front.
  private var places: [UTF8Key: Int] = [:]

  private static let searchedFromFront = 16

  public init() {}

  /// A key may occur only once.
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    self.init(uniqueEntries: elements)
  }

  /// Keys may occur only once.
  public init(uniqueEntries: [(String, JSONValue)]) {
    for (key, value) in uniqueEntries {
      precondition(insert(value, forKey: key), "key \"\(key)\" occurs twice")
    }
  }

  public var count: Int { keys.count }

  /// The value of `key`. Setting nil is not supported: objects only grow.
  public subscript(key: String) -> JSONValue? {
    get { place(of: UTF8Key(key)).map { values[$0] } }
  }

  /// Sets the value of `key`, at the end if it is new.
  public mutating func set(_ key: String, to value: JSONValue) {
    if let place = place(of: UTF8Key(key)) {
      values[place] = value
    } else {
      insert(value, forKey: key)
    }
  }

  /// Appends a member.
  ///
  /// - Returns: false, with nothing changed, if the object has the key already.
  @discardableResult
  mutating func insert(_ value: JSONValue, forKey key: String) -> Bool {
    let key = UTF8Key(key)
    guard place(of: key) == nil else { return false }
    if keys.count == Self.searchedFromFront {
      for (place, key) in keys.enumerated() { places[key] = place }
    }
    if keys.count >= Self.searchedFromFront { places[key] = keys.count }
    keys.append(key)
    values.append(value)
    return true
  }

  private func place(of key: UTF8Key) -> Int? {
    keys.count <= Self.searchedFromFront ? keys.firstIndex(of: key) : places[key]
  }
}

extension JSONObject: RandomAccessCollection {
  public var startIndex: Int { 0 }
  public var endIndex: Int { keys.count }
  public subscript(index: Int) -> (key: String, value: JSONValue) {
    (keys[index].string, values[index])
  }
}

/// A string that equals another only if their bytes are equal.
private struct UTF8Key: Hashable, Sendable {
  let string: String

  init(_ string: String) { self.string = string }

  static func == (a: UTF8Key, b: UTF8Key) -> Bool { a.string.utf8.elementsEqual(b.string.utf8) }

  func hash(into hasher: inout Hasher) {
    for byte in string.utf8 { hasher.combine(byte) }
    hasher.combine(0xFF as UInt8)
  }
}
