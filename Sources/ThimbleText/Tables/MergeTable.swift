internal import ThimbleSystem

/// Which merges make a symbol: the size of the left part, and the rank.
///
/// What the parts are follows from the symbol's text. Almost every symbol has one merge or none,
/// kept in three bytes; the others have theirs in a list.
struct MergeTable {
  private let records: WordView<UInt8>
  private let more: WordView<UInt64>
  private let rankBits: UInt32
  let mergeCount: Int

  init(records: ByteView, more: ByteView, mergeCount: Int) {
    self.records = WordView(records)
    self.more = WordView(more)
    self.mergeCount = mergeCount
    rankBits = Self.rankBits(mergeCount)
  }

  /// Bits of a rank in a record: those of the number of merges, so that all of them set is none.
  private static func rankBits(_ mergeCount: Int) -> UInt32 {
    UInt32(Int.bitWidth - mergeCount.leadingZeroBitCount)
  }

  /// The rank of the merge that makes `symbol` with a left part of `leftCount` bytes.
  @inline(__always)
  func rank(_ symbol: UInt32, leftCount: Int) -> UInt32? {
    guard Int(symbol) < records.tripletCount else { return nil }
    let record = records.triplet(Int(symbol))
    let rank = record & (1 << rankBits - 1)
    let split = record >> rankBits
    if split != 0 { return split == UInt32(leftCount) ? rank : nil }
    return rank == 1 << rankBits - 1 ? nil : listed(Int(rank), symbol, leftCount)
  }

  /// The merge in the list, where those of a symbol begin at `start`.
  private func listed(_ start: Int, _ symbol: UInt32, _ leftCount: Int) -> UInt32? {
    var found: UInt32?
    forEachListed(start, symbol) { if $0 == leftCount { found = $1 } }
    return found
  }

  private func forEachListed(
    _ start: Int, _ symbol: UInt32, _ body: (_ leftCount: Int, _ rank: UInt32) -> Void
  ) {
    guard start < more.count else { return }
    // No symbol has more splits than bytes; damaged lists must not take longer.
    for index in start..<min(start + TextHash.longestText, more.count) {
      let entry = more[index]
      guard entry & 0xFF_FFFF == UInt64(symbol) else { return }
      body(Int(entry >> 24 & 0xFF), UInt32(entry >> 32))
    }
  }

  /// Calls `body` with every merge of a symbol.
  func forEach(_ symbol: UInt32, _ body: (_ leftCount: Int, _ rank: UInt32) -> Void) {
    let record = records.triplet(Int(symbol))
    let rank = record & (1 << rankBits - 1)
    if record >> rankBits != 0 { return body(Int(record >> rankBits), rank) }
    if rank != 1 << rankBits - 1 { forEachListed(Int(rank), symbol, body) }
  }

  /// Whether the merges of a symbol are in the list.
  func isListed(_ symbol: UInt32) -> Bool {
    let record = records.triplet(Int(symbol))
    return record >> rankBits == 0 && record != 1 << rankBits - 1
  }

  /// The number of merges in the list.
  var listedCount: Int { more.count }

  /// Encodes the merges of every symbol.
  static func build(
    _ merges: [[(leftCount: Int, rank: Int)]], mergeCount: Int
  ) -> (records: [UInt8], more: [UInt8]) {
    let rankBits = rankBits(mergeCount)
    let none: UInt32 = 1 << rankBits - 1
    var records: [UInt8] = []
    var more: [UInt8] = []
    for (symbol, list) in merges.enumerated() {
      if list.isEmpty {
        records.append(triplet: none)
      } else if list.count == 1, list[0].leftCount < 1 << (24 - rankBits) {
        records.append(triplet: UInt32(list[0].leftCount) << rankBits | UInt32(list[0].rank))
      } else {
        records.append(triplet: UInt32(more.count / 8))
        for merge in list {
          more.append(
            littleEndian: UInt64(symbol) | UInt64(merge.leftCount) << 24 | UInt64(merge.rank) << 32)
        }
      }
    }
    return (records, more)
  }
}
