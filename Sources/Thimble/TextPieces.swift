/// A text by the parts that its tokens stand for.
public struct TextPieces: Sendable {
  private let bytes: [UInt8]
  /// For each byte, how many Unicode scalars begin before it.
  private let scalars: [Int32]

  public init(_ text: String) {
    bytes = Array(text.utf8)
    var count: Int32 = 0
    scalars =
      bytes.map { byte in
        defer { if byte & 0xC0 != 0x80 { count += 1 } }
        return count
      } + [Int32(text.unicodeScalars.count)]
  }

  /// The bytes `range` as text.
  public func part(_ range: Range<Int>) -> String {
    String(decoding: bytes[range], as: UTF8.self)
  }

  /// The bytes `range` as Unicode scalars.
  public func scalars(_ range: Range<Int>) -> Range<Int> {
    Int(scalars[range.lowerBound])..<Int(scalars[range.upperBound])
  }
}
