/// Lays out the sections of tokenizer tables behind their header.
struct TablesWriter {
  private var sections: [(kind: TablesLayout.Section, bytes: [UInt8])] = []

  mutating func add(_ kind: TablesLayout.Section, _ bytes: [UInt8]) {
    sections.append((kind, bytes))
  }

  /// Of an older version if that says all, so that older programs can read it.
  ///
  /// - Parameters: counts: Of tokens, symbols and merges. seed: Of the hash of texts.
  func finished(flags: UInt32, counts: [Int], seed: UInt32) -> [UInt8] {
    let needsThird =
      flags & TablesLayout.isCasedFlag != 0 || sections.contains { $0.kind == .addedTokens }
    let version = flags & TablesLayout.isFrenchFlag != 0 ? 4 : needsThird ? 3 : 2
    var bytes: [UInt8] = []
    bytes.reserveCapacity(sections.reduce(512) { $0 + $1.bytes.count + 8 })
    bytes.append(littleEndian: TablesLayout.magic)
    bytes.append(littleEndian: UInt32(version))
    bytes.append(littleEndian: flags)
    for count in counts { bytes.append(littleEndian: UInt32(count)) }
    bytes.append(littleEndian: seed)
    bytes.append(littleEndian: UInt32(sections.count))
    var offset = bytes.count + 12 * sections.count
    for section in sections {
      offset = (offset + 7) & ~7
      bytes.append(littleEndian: section.kind.rawValue)
      bytes.append(littleEndian: UInt32(offset))
      bytes.append(littleEndian: UInt32(section.bytes.count))
      offset += section.bytes.count
    }
    for section in sections {
      while bytes.count % 8 != 0 { bytes.append(0) }
      bytes += section.bytes
    }
    return bytes
  }
}

extension [UInt8] {
  /// Appends the three low bytes.
  mutating func append(triplet value: UInt32) {
    for shift in stride(from: 0, to: 24, by: 8) {
      append(UInt8(truncatingIfNeeded: value >> UInt32(shift)))
    }
  }

  mutating func append(littleEndian value: some FixedWidthInteger) {
    for shift in stride(from: 0, to: value.bitWidth, by: 8) {
      append(UInt8(truncatingIfNeeded: value >> shift))
    }
  }
}
