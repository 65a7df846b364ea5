internal import Glibc

// The C library's functions, for reports. What decides a result is defined to the bit in Formats/numerics.md and
// computed by kernels.

/// e to the power `x` by the C library.
public func exponential(_ x: Double) -> Double { exp(x) }

/// The natural logarithm of `x`.
public func logarithm(_ x: Double) -> Double { log(x) }

/// 2 to the power of `exponent`.
public func powerOfTwo(_ exponent: Double) -> Double { exp2(exponent) }

/// The ratio of two powers in decibels: 10 for ten times as much.
public func decibels(_ ratio: Double) -> Double { 10 * log10(ratio) }
