/// The scalar that begins at byte `index`, and its length; nil where the bytes are not UTF-8.
@inline(__always)
func decodeScalar(_ bytes: Span<UInt8>, at index: Int) -> (scalar: UInt32, length: Int)? {
  let first = UInt32(bytes[index])
  if first < 0x80 { return (first, 1) }
  let length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
  guard first >= 0xC2, first < 0xF5, index + length <= bytes.count else { return nil }
  var scalar = first & (0x7F >> UInt32(length))
  for next in index + 1..<index + length {
    guard bytes[next] & 0xC0 == 0x80 else { return nil }
    scalar = scalar << 6 | UInt32(bytes[next] & 0x3F)
  }
  // Overlong forms, surrogates and what lies beyond U+10FFFF.
  let smallest: UInt32 = length == 2 ? 0x80 : length == 3 ? 0x800 : 0x10000
  guard scalar >= smallest, scalar <= 0x10FFFF, scalar & 0x1FF800 != 0xD800 else { return nil }
  return (scalar, length)
}

/// Calls `body` with each byte of a scalar's UTF-8 form.
@inline(__always)
func forEachByte(of scalar: UInt32, _ body: (UInt8) -> Void) {
  if scalar < 0x80 { return body(UInt8(scalar)) }
  if scalar < 0x800 {
    body(UInt8(0xC0 | scalar >> 6))
  } else {
    if scalar < 0x10000 {
      body(UInt8(0xE0 | scalar >> 12))
    } else {
      body(UInt8(0xF0 | scalar >> 18 & 7))
      body(UInt8(0x80 | scalar >> 12 & 0x3F))
    }
    body(UInt8(0x80 | scalar >> 6 & 0x3F))
  }
  body(UInt8(0x80 | scalar & 0x3F))
}
