public import ThimbleJSON
internal import ThimbleSystem

/// A list of token ids as JSON has it: the one reader of command, server and evaluation.
public struct TokenIDs: Sendable, Equatable {
  public let ids: [Int]

  /// - Throws: `ThimbleError.notIDs`.
  public init(json bytes: [UInt8]) throws(ThimbleError) {
    let value: JSONValue
    do { value = try JSONValue(parsing: bytes) } catch { throw .notIDs(reason: "\(error)") }
    try self.init(value)
  }

  /// - Throws: `ThimbleError.notIDs`.
  public init(_ value: JSONValue) throws(ThimbleError) {
    guard let array = value.array else { throw .notIDs(reason: "it is not a list.") }
    ids = try array.map { element throws(ThimbleError) in
      guard let id = element.int else {
        throw .notIDs(reason: "\(element.text().printable(limit: 40)) is not an integer.")
      }
      return id
    }
  }
}
