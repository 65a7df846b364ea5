extension WordView where Word == UInt8 {
  /// The number of whole 3-byte integers.
  @inlinable public var tripletCount: Int { count / 3 }

  /// The little-endian 3-byte integer at `index`, which must be in `0..<tripletCount`.
  @inlinable
  public func triplet(_ index: Int) -> UInt32 {
    precondition(index >= 0 && index < tripletCount, "index out of range")
    let low = unsafe UInt16(
      littleEndian: base.loadUnaligned(fromByteOffset: index &* 3, as: UInt16.self))
    let high = unsafe base.load(fromByteOffset: index &* 3 &+ 2, as: UInt8.self)
    return UInt32(low) | UInt32(high) << 16
  }
}
