/// A token of a text: its id, and the bytes of the text that it stands for.
public struct Token: Equatable, Sendable {
  private let compactID: UInt32
  private let start: UInt32
  private let end: UInt32
  private let marks: UInt32

  init(id: UInt32, start: UInt32, end: UInt32, segment: Int, isAdded: Bool = false) {
    compactID = id
    self.start = start
    self.end = end
    marks = UInt32(segment) | (isAdded ? 2 : 0)
  }

  public var id: Int { Int(compactID) }

  /// Byte range in the original text; empty for a token that was added.
  ///
  /// Ranges of successive tokens of a text neither begin nor end before those of their
  /// predecessors. They overlap where one sign became several tokens.
  public var range: Range<Int> { Int(start)..<Int(end) }

  /// 0 in the first text, 1 in the second one of a pair. The added tokens belong to the text that
  /// they follow; the one at the beginning to the first.
  public var segment: Int { Int(marks & 1) }

  /// Whether the token marks the beginning or end of a text and stands for no bytes of it.
  public var isAdded: Bool { marks & 2 != 0 }
}
