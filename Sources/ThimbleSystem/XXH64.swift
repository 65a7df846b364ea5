private let prime1: UInt64 = 0x9E37_79B1_85EB_CA87
private let prime2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
private let prime3: UInt64 = 0x1656_67B1_9E37_79F9
private let prime4: UInt64 = 0x85EB_CA77_C2B2_AE63
private let prime5: UInt64 = 0x27D4_EB2F_1656_67C5

@inline(__always)
private func rotate(_ x: UInt64, _ count: UInt64) -> UInt64 {
  (x &<< count) | (x &>> (64 &- count))
}

@inline(__always)
private func round(_ sum: UInt64, _ input: UInt64) -> UInt64 {
  rotate(sum &+ input &* prime2, 31) &* prime1
}

@inline(__always)
private func merge(_ hash: UInt64, _ sum: UInt64) -> UInt64 {
  (hash ^ round(0, sum)) &* prime1 &+ prime4
}

extension ByteView {
  /// XXH64 with seed 0 of all bytes (xxHash specification 0.1.1). Guards against damage, not intent.
  public var xxh64: UInt64 {
    var hash: UInt64
    var offset = 0
    if count >= 32 {
      var (a, b, c, d) = (prime1 &+ prime2, prime2, UInt64(0), 0 &- prime1)
      while offset &+ 32 <= count {
        // The condition of the loop is the check of bounds of all four words.
        a = round(a, unsafe stripe(offset))
        b = round(b, unsafe stripe(offset &+ 8))
        c = round(c, unsafe stripe(offset &+ 16))
        d = round(d, unsafe stripe(offset &+ 24))
        offset &+= 32
      }
      hash = rotate(a, 1) &+ rotate(b, 7) &+ rotate(c, 12) &+ rotate(d, 18)
      hash = merge(merge(merge(merge(hash, a), b), c), d)
    } else {
      hash = prime5
    }
    hash = hash &+ UInt64(count)
    return finish(hash, from: offset)
  }

  private func finish(_ start: UInt64, from first: Int) -> UInt64 {
    var (hash, offset) = (start, first)
    while offset + 8 <= count {
      hash = rotate(hash ^ round(0, word(offset)), 27) &* prime1 &+ prime4
      offset += 8
    }
    if offset + 4 <= count {
      hash =
        rotate(hash ^ UInt64(load(at: offset, as: UInt32.self)) &* prime1, 23) &* prime2 &+ prime3
      offset += 4
    }
    while offset < count {
      hash = rotate(hash ^ UInt64(self[offset]) &* prime5, 11) &* prime1
      offset += 1
    }
    hash = (hash ^ (hash >> 33)) &* prime2
    hash = (hash ^ (hash >> 29)) &* prime3
    return hash ^ (hash >> 32)
  }

  /// The word at byte `offset`, which the caller knows to be there.
  @unsafe
  @inline(__always)
  private func stripe(_ offset: Int) -> UInt64 {
    unsafe UInt64(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }

  @inline(__always)
  private func word(_ offset: Int) -> UInt64 { load(at: offset, as: UInt64.self) }
}
