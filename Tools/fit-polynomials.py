#!/usr/bin/env python3
"""Fits the polynomials of Formats/numerics.md and prints their coefficients and errors.

Needs numpy and mpmath. Each fit is minimax (Lawson's reweighted least squares), with the
coefficients rounded to fp32 one after the other, and the rest fitted again after each rounding,
so that rounding costs next to nothing.
"""

from options import Options

if __name__ == "__main__":
    Options(__doc__).parse_args()
import mpmath
import numpy as np

f32 = np.float32


def fma(a, b, c):
    """fp32 fused multiply-add, by way of double: good enough to measure an error with."""
    return f32(np.float64(a) * np.float64(b) + np.float64(c))


def minimax(basis, target, weight, rounds=200):
    """The combination of columns of `basis` with the least largest weighted error."""
    share = np.full(len(target), 1 / len(target))
    best = (np.inf, None)
    for _ in range(rounds):
        scale = np.sqrt(share) * weight
        solution = np.linalg.lstsq(basis * scale[:, None], target * scale, rcond=None)[0]
        error = np.abs(basis @ solution - target) * weight
        if error.max() < best[0]:
            best = (error.max(), solution)
        share *= error
        share /= share.sum()
    return best


def minimax_f32(basis, target, weight):
    """Like `minimax`, for coefficients that are fp32 numbers. Rounds column 0 first."""
    fixed = []
    target = target.copy()
    for column in range(basis.shape[1]):
        # Columns are scaled to size 1 for conditioning.
        rest = basis[:, column:]
        size = np.abs(rest).max(axis=0)
        value = f32(minimax(rest / size, target, weight)[1][0] / size[0])
        fixed.append(value)
        target -= np.float64(value) * basis[:, column]
    return np.array(fixed, f32), np.abs(target * weight).max()


def chebyshev_nodes(low, high, count=1501):
    return (low + high) / 2 + (high - low) / 2 * np.cos(np.linspace(np.pi, 0, count))


def show(name, values):
    print(f"{name}:")
    for index, value in enumerate(values):
        mantissa, exponent = float(value).hex().split("p")
        mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
        print(f"  {index}: {mantissa}p{exponent}  ({value!r})")


def fit_exp():
    """exp(r) = 1 + r + r^2 q(r) for |r| <= ln(2) / 2, relative error."""
    limit = np.log(2) / 2 * 1.0001
    r = chebyshev_nodes(-limit, limit)
    with mpmath.workdps(30):
        target = np.array([float((mpmath.expm1(x) - x)) for x in r])
    coefficients, error = minimax_f32(
        np.stack([r ** (2 + i) for i in range(5)], axis=1), target, np.exp(-r))
    show("exp, coefficients of r^2 ... r^6", coefficients)
    print(f"  relative error of the polynomial: {error:.2e}")
    log2e = f32(1 / np.log(2))
    # 9 trailing zero bits: n * high is exact for every |n| <= 128.
    high = f32(float.fromhex("0x1.62e4p-1"))
    low = f32(float(mpmath.log(2) - mpmath.mpf(float(high))))
    show("exp, log2(e), ln(2) high, ln(2) low", [log2e, high, low])

    x = np.linspace(-87, 88, 4_000_001).astype(f32)
    n = np.rint(x * log2e)
    r = fma(-n, low, fma(-n, high, x))
    p = np.full_like(r, coefficients[4])
    for c in (*coefficients[3::-1], f32(1), f32(1)):
        p = fma(p, r, c)
    y = np.ldexp(p.astype(np.float64), n.astype(int))
    exact = np.exp(x.astype(np.float64))
    ulp = np.spacing(exact.astype(f32)).astype(np.float64)
    print(f"  error in fp32: {np.abs((y - exact) / ulp).max():.3f} ulp")


def normal_tail(a):
    """P(X > a) for a standard normal X."""
    with mpmath.workdps(30):
        return np.array([float(mpmath.erfc(mpmath.mpf(x) / mpmath.sqrt(2)) / 2) for x in a])


def fit_gelu():
    """Phi(-a) = p(a)^8, absolute error of a Phi(-a)."""
    # The eighth power forgives large errors where the tail is small, so degree 8 is enough for
    # every a: fitted up to 5.5, p goes on falling until its root beyond 8.5, where a is cut off.
    degree, limit, cut = 8, 5.5, 8.5
    a = chebyshev_nodes(0, limit)
    root = normal_tail(a) ** 0.125
    weight = 8 * root**7 * np.maximum(a, 0.25) + 1e-9  # d(p^8) = 8 p^7 dp
    columns = np.stack([a**i for i in range(degree + 1)], axis=1)
    coefficients, error = minimax_f32(columns, root, weight)
    show("GELU, coefficients of a^0 ... a^8", coefficients)
    print(f"  absolute error of the polynomial: {error:.2e}")

    x = np.linspace(-12, 12, 600_001).astype(f32)
    a = np.minimum(np.abs(x), f32(cut))
    p = np.full_like(a, coefficients[-1])
    for c in coefficients[-2::-1]:
        p = fma(p, a, c)
    print(f"  smallest p: {p.min():.2e}")
    for _ in range(3):
        p = p * p
    y = fma(-a, p, np.maximum(x, f32(0))).astype(np.float64)
    exact = x.astype(np.float64) * normal_tail(-x.astype(np.float64))
    print(f"  absolute error in fp32: {np.abs(y - exact).max():.2e}")


if __name__ == "__main__":
    fit_exp()
    fit_gelu()
    show("2^(j/8)", [f32(float(mpmath.mpf(2) ** (mpmath.mpf(j) / 8))) for j in range(8)])
