internal import Glibc

// The C library's functions, for reports. What decides a result is defined to the bit in Formats/numerics.md and
// computed by kernels.

/// e to the power `x`.
public func exponential(_ x: Double) -> Double { exp(x) }

/// The natural logarithm of `x`.
public func logarithm(_ x: Double) -> Double { log(x) }
