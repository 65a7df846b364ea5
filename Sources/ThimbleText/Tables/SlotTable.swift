internal import ThimbleSystem

/// A hash table with linear probing over 4-byte slots: 21 bits of index, 11 bits of fingerprint.
struct SlotTable {
  /// No index: all of the 21 bits set. Symbols and ranks are smaller.
  static let noIndex: UInt32 = 0x1F_FFFF
  static let empty: UInt32 = 0xFFFF_FFFF
  /// No valid table has a longer run of probes, so that no damaged one can be slow.
  static let probeLimit = 1024

  let slots: WordView<UInt32>
  let longestProbe: Int

  init(_ bytes: ByteView, longestProbe: Int) {
    slots = WordView(bytes)
    self.longestProbe = min(longestProbe, Self.probeLimit)
  }

  /// The first index with this hash that `matches`, or nil.
  @inline(__always)
  func first(_ hash: UInt64, where matches: (UInt32) -> Bool) -> UInt32? {
    guard slots.count > 0 else { return nil }
    let fingerprint = Self.fingerprint(hash)
    var position = Self.home(hash, slotCount: slots.count)
    for _ in 0..<longestProbe {
      let slot = slots[position]
      if slot == Self.empty { return nil }
      if slot >> 21 == fingerprint, matches(slot & Self.noIndex) { return slot & Self.noIndex }
      position = position + 1 == slots.count ? 0 : position + 1
    }
    return nil
  }

  @inline(__always)
  static func home(_ hash: UInt64, slotCount: Int) -> Int {
    Int(truncatingIfNeeded: ((hash >> 32) &* UInt64(slotCount)) >> 32)
  }

  @inline(__always)
  static func fingerprint(_ hash: UInt64) -> UInt32 { UInt32(hash & 0x7FF) }

  /// Writes indices into new slots, three quarters of them filled.
  ///
  /// Of equal keys `first` finds the highest index: the last of repeated merges counts.
  ///
  /// - Parameters: count: Indices are in `0..<count`. hash: The hash of an index, or nil to leave
  ///   it out.
  static func build(
    count: Int, hash: (UInt32) -> UInt64?
  ) -> (slots: [UInt32], longestProbe: Int) {
    var slotCount = max(count + count / 3, 1)
    while true {
      var slots = [UInt32](repeating: empty, count: slotCount)
      var longestProbe = 0
      for index in (0..<UInt32(count)).reversed() {
        guard let hash = hash(index) else { continue }
        longestProbe = max(longestProbe, insert(index, hash, into: &slots))
      }
      // One more probe than the longest must see an empty slot or the end of the search.
      if longestProbe < probeLimit { return (slots, longestProbe + 1) }
      slotCount += slotCount / 4 + 1
    }
  }

  /// - Returns: the number of probes. At least one slot must be empty.
  static func insert(_ index: UInt32, _ hash: UInt64, into slots: inout [UInt32]) -> Int {
    var position = home(hash, slotCount: slots.count)
    var probes = 1
    while slots[position] != empty {
      position = position + 1 == slots.count ? 0 : position + 1
      probes += 1
    }
    slots[position] = fingerprint(hash) << 21 | index
    return probes
  }
}

/// The hash of a symbol's text: FNV-1a over its bytes, one byte for the end of a word, one mixing.
struct TextHash {
  private var state: UInt64 = 0xCBF2_9CE4_8422_2325

  @inline(__always)
  mutating func add(_ byte: UInt8) { state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }

  /// 0xFF and 0xFE never occur in UTF-8, so "a" inside and "a" at the end of a word differ.
  @inline(__always)
  func finished(endsWord: Bool) -> UInt64 {
    var copy = self
    copy.add(endsWord ? 0xFF : 0xFE)
    return mixed(copy.state)
  }
}

/// The hash of a pair of symbols.
@inline(__always)
func pairHash(_ left: UInt32, _ right: UInt32) -> UInt64 {
  mixed((UInt64(left) << 32 | UInt64(right)) &* 0x9E37_79B9_7F4A_7C15)
}

@inline(__always)
private func mixed(_ value: UInt64) -> UInt64 { (value ^ value >> 32) &* 0xD6E8_FEB8_6659_FD93 }
