internal import ThimbleSystem

/// Why bytes are not the JSON that was asked for. Offsets count bytes from the start of the text.
public enum JSONError: Error, Equatable, CustomStringConvertible {
  case unexpected(expected: String, offset: Int)
  case invalidUTF8(offset: Int)
  /// Half of a surrogate pair, which stands for no character.
  case loneSurrogate(offset: Int)
  case duplicateKey(String, offset: Int)
  /// A number beyond the range of `Double`.
  case numberTooLarge(offset: Int)
  case tooDeep(limit: Int, offset: Int)
  case tooManyValues(limit: Int, offset: Int)

  /// Where in the text it shows.
  public var offset: Int {
    switch self {
    case .unexpected(_, let offset), .invalidUTF8(let offset), .loneSurrogate(let offset),
      .duplicateKey(_, let offset), .numberTooLarge(let offset), .tooDeep(_, let offset),
      .tooManyValues(_, let offset):
      offset
    }
  }

  public var description: String {
    switch self {
    case .unexpected(let expected, let offset):
      "JSON, byte \(offset): expected \(expected)."
    case .invalidUTF8(let offset):
      "JSON, byte \(offset): not UTF-8. Save the file as UTF-8."
    case .loneSurrogate(let offset):
      "JSON, byte \(offset): half of a surrogate pair."
    case .duplicateKey(let key, let offset):
      "JSON, byte \(offset): the key \"\(key.printable())\" occurs twice in one object."
    case .numberTooLarge(let offset):
      "JSON, byte \(offset): a number beyond the range of a double."
    case .tooDeep(let limit, let offset):
      "JSON, byte \(offset): nested deeper than \(limit) levels."
    case .tooManyValues(let limit, let offset):
      "JSON, byte \(offset): more than \(limit) values."
    }
  }
}
