// Functions whose results heads compute with: the same bits on every machine (Formats/numerics.md §10).

/// e to the power `x`, within 1e-15 of it: additions, multiplications and powers of two in a fixed order.
public func exactExponential(_ x: Double) -> Double {
  guard x > -708 else { return x.isNaN ? x : 0 }
  guard x < 709 else { return .infinity }
  let n = (x * 0x1.71547652b82fep+0).rounded(.toNearestOrEven)
  // ln 2 in two parts, of which n times the first is exact.
  let r = (x - n * 0x1.62e42feep-1) - n * 0x1.a39ef35793c76p-33
  var sum = 1.0
  for k in stride(from: 13.0, through: 1, by: -1) { sum = sum * r / k + 1 }
  return sum * Double(sign: .plus, exponent: Int(n), significand: 1)
}

/// The hyperbolic tangent of `x`.
public func exactTanh(_ x: Float) -> Float {
  // Of tiny arguments it is themselves: 1 - y would lose them.
  guard abs(x) > 0x1p-13 else { return x }
  let y = exactExponential(-2 * Double(abs(x)))
  let value = Float((1 - y) / (1 + y))
  return x < 0 ? -value : value
}
