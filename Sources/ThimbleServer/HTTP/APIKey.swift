/// The key that clients have to know.
public struct APIKey: Sendable {
  /// The most bytes of a key.
  public static let longest = 1024
  private let bytes: [UInt8]

  /// - Parameter text: the key is its first line.
  /// - Throws: `APIKeyError` unless that is something that a header can carry. A key that nobody could send, or that everybody
  ///   has, would be worse than none: it would seem to be one.
  public init(_ text: some Sequence<UInt8>) throws(APIKeyError) {
    var line = text.prefix(Self.longest + 2).prefix { $0 != 0x0A }
    if line.last == 0x0D { line.removeLast() }
    guard !line.isEmpty else { throw .empty }
    guard line.count <= Self.longest else { throw .tooLong }
    if let place = line.firstIndex(where: { !(0x21...0x7E).contains($0) }) {
      throw .character(position: place + 1, isSpace: line[place] == 0x20)
    }
    bytes = Array(line)
  }

  /// The key that is the first line of `text`.
  public init(_ text: String) throws(APIKeyError) { try self.init(text.utf8) }

  /// Whether the value of an `Authorization` header holds this key, in a time that depends on the value's length alone.
  package func admits(_ authorization: String?) -> Bool {
    let value = Array((authorization ?? "").utf8)
    let scheme = Array("bearer ".utf8)
    var difference = value.count ^ (scheme.count + bytes.count)
    for (index, byte) in value.enumerated() {
      // The name of the scheme has no case.
      let expected =
        index < scheme.count ? scheme[index] : bytes[(index - scheme.count) % bytes.count]
      let found = index < scheme.count - 1 ? byte | 0x20 : byte
      difference |= Int(found ^ expected)
    }
    return difference == 0
  }
}

/// Why a text is no key.
public enum APIKeyError: Error, Equatable, CustomStringConvertible {
  /// The first line is empty.
  case empty
  case tooLong
  /// The byte at `position`, from 1, is none that a key may have.
  case character(position: Int, isSpace: Bool)

  public var description: String {
    switch self {
    case .empty: "The key is empty: its first line must be the key."
    case .tooLong: "The key has more than \(APIKey.longest) bytes."
    case .character(let position, let isSpace):
      "The key has \(isSpace ? "a space" : "a character that is not printable ASCII") at byte \(position). Keys are made of letters, digits and punctuation."
    }
  }
}
