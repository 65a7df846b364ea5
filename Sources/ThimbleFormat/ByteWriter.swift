/// Little-endian integers appended to an array of bytes.
struct ByteWriter {
  private(set) var bytes: [UInt8] = []

  mutating func append<T: FixedWidthInteger>(_ value: T) {
    for shift in stride(from: 0, to: T.bitWidth, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: value >> T(shift)))
    }
  }

  mutating func append(_ more: [UInt8]) { bytes += more }

  mutating func appendZeros(_ count: Int) { bytes += repeatElement(0, count: count) }
}
