internal import ThimbleSystem

/// A perfect hash of the symbols: each hash has one slot where its symbol can be.
///
/// The hash picks a bucket, the bucket's displacement and the hash pick the slot. A slot has three
/// bytes: the symbol, and in what bits remain a fingerprint of its hash.
struct SymbolIndex {
  private let displacements: WordView<UInt16>
  private let slots: WordView<UInt8>
  private let indexBits: UInt32

  init(displacements: ByteView, slots: ByteView, symbolCount: Int) {
    self.displacements = WordView(displacements)
    self.slots = WordView(slots)
    indexBits = Self.indexBits(symbolCount)
  }

  /// Bits of a symbol in a slot: those of the number of symbols, so that all of them set is none.
  static func indexBits(_ symbolCount: Int) -> UInt32 {
    UInt32(Int.bitWidth - symbolCount.leadingZeroBitCount)
  }

  /// The only symbol that may have this hash; it may be out of range. Nil if there is none for sure.
  @inline(__always)
  func candidate(_ hash: UInt64) -> UInt32? {
    guard displacements.count > 0, slots.tripletCount > 0 else { return nil }
    let displacement = displacements[Self.bucket(hash, displacements.count)]
    let slot = slots.triplet(Self.position(hash, displacement, slots.tripletCount))
    guard slot >> indexBits == UInt32(hash & 0xFF_FFFF) >> indexBits else { return nil }
    return slot & (1 << indexBits - 1)
  }

  /// How many slots hold a symbol.
  func usedSlotCount() -> Int {
    let none: UInt32 = 1 << indexBits - 1
    return (0..<slots.tripletCount).count { slots.triplet($0) & none != none }
  }

  @inline(__always)
  private static func bucket(_ hash: UInt64, _ count: Int) -> Int {
    Int(truncatingIfNeeded: (hash >> 32 &* UInt64(count)) >> 32)
  }

  @inline(__always)
  private static func position(_ hash: UInt64, _ displacement: UInt16, _ count: Int) -> Int {
    let moved = hash ^ UInt64(displacement) &* 0x9E37_79B9_7F4A_7C15
    return Int(
      truncatingIfNeeded: ((moved &* 0xD6E8_FEB8_6659_FD93) >> 32 &* UInt64(count)) >> 32)
  }

  /// Buckets have four symbols in the mean; one of so many was made to collide.
  private static let largestBucket = 32

  /// Finds displacements under which no two symbols share a slot.
  ///
  /// - Parameter hashes: For each symbol its hash, or nil to leave it out.
  /// - Returns: the two tables as bytes, or nil, without long search, if these hashes are hard to tell apart.
  static func build(_ hashes: [UInt64?]) -> (displacements: [UInt8], slots: [UInt8])? {
    let present = hashes.count { $0 != nil }
    let bucketCount = present / 4 + 1
    let slotCount = present + present / 32 + 1
    let indexBits = indexBits(hashes.count)
    let empty: UInt32 = 0xFF_FFFF
    var buckets = [[UInt32]](repeating: [], count: bucketCount)
    for (symbol, hash) in hashes.enumerated() {
      if let hash { buckets[bucket(hash, bucketCount)].append(UInt32(symbol)) }
    }
    guard buckets.allSatisfy({ $0.count <= Self.largestBucket }) else { return nil }
    var displacements = [UInt16](repeating: 0, count: bucketCount)
    var slots = [UInt32](repeating: empty, count: slotCount)
    // Large buckets choose first, while there is room.
    let order = buckets.indices.sorted { (buckets[$1].count, $0) < (buckets[$0].count, $1) }
    for bucket in order where !buckets[bucket].isEmpty {
      let members = buckets[bucket].map { (symbol: $0, hash: hashes[Int($0)] ?? 0) }
      var found: UInt16?
      for displacement in 0...UInt16.max {
        if place(members, displacement, indexBits, in: &slots) {
          found = displacement
          break
        }
      }
      guard let found else { return nil }
      displacements[bucket] = found
    }
    var bytes: (displacements: [UInt8], slots: [UInt8]) = ([], [])
    for displacement in displacements { bytes.displacements.append(littleEndian: displacement) }
    for slot in slots { bytes.slots.append(triplet: slot) }
    return bytes
  }

  /// Puts the members of a bucket into their slots if these are free and differ.
  private static func place(
    _ members: [(symbol: UInt32, hash: UInt64)], _ displacement: UInt16, _ indexBits: UInt32,
    in slots: inout [UInt32]
  ) -> Bool {
    let empty: UInt32 = 0xFF_FFFF
    for (index, member) in members.enumerated() {
      let position = position(member.hash, displacement, slots.count)
      guard slots[position] == empty else {
        for placed in members[..<index] {
          slots[self.position(placed.hash, displacement, slots.count)] = empty
        }
        return false
      }
      let fingerprint = UInt32(member.hash & 0xFF_FFFF) >> indexBits
      slots[position] = fingerprint << indexBits | member.symbol
    }
    return true
  }
}
