// Weights as they lie in foreign files: little-endian, at any address. The loops have no branch, so
// the compiler makes vector code of them.
extension ByteView {
  /// Reads the fp32 numbers from number `first` on: as many as `output` holds.
  public func readFloat32(from first: Int, into output: inout MutableSpan<Float>) {
    let source = unsafe checkedElements(first, output.count, size: 4)
    for i in 0..<output.count {
      let bits = unsafe source.loadUnaligned(fromByteOffset: 4 * i, as: UInt32.self)
      output[i] = Float(bitPattern: UInt32(littleEndian: bits))
    }
  }

  /// Reads and widens fp16 numbers, exactly; otherwise like `readFloat32`.
  public func readFloat16(from first: Int, into output: inout MutableSpan<Float>) {
    let source = unsafe checkedElements(first, output.count, size: 2)
    for i in 0..<output.count {
      let bits = unsafe source.loadUnaligned(fromByteOffset: 2 * i, as: UInt16.self)
      output[i] = widenedFloat16(UInt16(littleEndian: bits))
    }
  }

  /// Reads and widens bf16 numbers, exactly; otherwise like `readFloat32`.
  public func readBFloat16(from first: Int, into output: inout MutableSpan<Float>) {
    let source = unsafe checkedElements(first, output.count, size: 2)
    for i in 0..<output.count {
      let bits = unsafe source.loadUnaligned(fromByteOffset: 2 * i, as: UInt16.self)
      output[i] = Float(bitPattern: UInt32(UInt16(littleEndian: bits)) << 16)
    }
  }

  /// The address of element `first`, after checking that `elementCount` of them are there.
  @unsafe
  private func checkedElements(
    _ first: Int, _ elementCount: Int, size: Int
  ) -> UnsafeRawPointer {
    precondition(
      first >= 0 && first <= count / size && elementCount <= count / size - first,
      "elements \(first)..<\(first + elementCount) of \(count / size)")
    return unsafe base + first * size
  }
}

/// The value of an fp16 bit pattern. Without `Float16`, which baseline x86-64 converts by a call.
@inline(__always)
private func widenedFloat16(_ bits: UInt16) -> Float {
  let magnitude = UInt32(bits & 0x7FFF) << 13
  // Scaling by 2^112 corrects the exponent, and normalises subnormal numbers on the way.
  let scaled = (Float(bitPattern: magnitude) * 0x1p112).bitPattern
  let nonFinite: UInt32 = bits & 0x7C00 == 0x7C00 ? 0x7F80_0000 : 0
  return Float(bitPattern: scaled | nonFinite | UInt32(bits & 0x8000) << 16)
}
