/// A reproducible stream of random numbers (Steele, Lea and Flood, 2014).
package struct SplitMix64 {
  private var state: UInt64

  package init(state: UInt64) { self.state = state }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A number in `0..<limit`: the high word of a product.
  package mutating func next(below limit: Int) -> Int {
    Int(next().multipliedFullWidth(by: UInt64(limit)).high)
  }

  /// A number in 0..<1: the upper 53 bits.
  package mutating func nextFraction() -> Double { Double(next() >> 11) * 0x1p-53 }
}
