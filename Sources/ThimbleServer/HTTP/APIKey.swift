/// The key that clients have to know.
public struct APIKey: Sendable {
  private let bytes: [UInt8]

  /// - Parameter text: what comes before the first line break counts; nil if that is nothing.
  public init?(_ text: String) {
    bytes = Array(text.utf8.prefix { $0 != 0x0A && $0 != 0x0D })
    if bytes.isEmpty { return nil }
  }

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
