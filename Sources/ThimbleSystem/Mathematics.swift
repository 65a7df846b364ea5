internal import Glibc

/// 2 to the power of `exponent`.
public func powerOfTwo(_ exponent: Double) -> Double { exp2(exponent) }

/// The ratio of two powers in decibels: 10 for ten times as much.
public func decibels(_ ratio: Double) -> Double { 10 * log10(ratio) }
