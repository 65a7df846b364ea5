// Sixteen lanes, in as many registers as the ISA needs for them: every kernel is written once, in
// these types, and compiled by each isa_*.c for its own instructions. An ISA file defines before:
//   TK_NATIVE_FMA  1 if the ISA has fused multiply-add
//   TK_NATIVE_F16  1 if it converts fp16
#include <assert.h>
#include <float.h>
#include <string.h>

// Numbers must not depend on the ISA: no operation is merged with another unless fma is written.
#pragma STDC FP_CONTRACT OFF
// Vectors wider than a register are passed only to functions that are inlined.
#pragma clang diagnostic ignored "-Wpsabi"

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

typedef float f32x16 __attribute__((ext_vector_type(16)));
typedef float f32x8 __attribute__((ext_vector_type(8)));
typedef float f32x4 __attribute__((ext_vector_type(4)));
typedef double f64x16 __attribute__((ext_vector_type(16)));
typedef int64_t i64x16 __attribute__((ext_vector_type(16)));
typedef int32_t i32x16 __attribute__((ext_vector_type(16)));
typedef uint32_t u32x16 __attribute__((ext_vector_type(16)));
typedef uint16_t u16x16 __attribute__((ext_vector_type(16)));
typedef uint8_t u8x16 __attribute__((ext_vector_type(16)));
typedef int8_t i8x16 __attribute__((ext_vector_type(16)));

enum { LANES = 16, CACHE_LINE = 64 };
_Static_assert(LANES == TK_LANES, "reductions are defined by 16 strided partial sums");

INLINE f32x16 load16(const float *p) {
  f32x16 v;
  memcpy(&v, p, sizeof v);
  return v;
}

INLINE void store16(float *p, f32x16 v) { memcpy(p, &v, sizeof v); }

// The first `count` (fewer than 16) values; the other lanes are 0.
INLINE f32x16 load_part(const float *p, size_t count) {
  float lanes[LANES] = {0};
  memcpy(lanes, p, count * sizeof(float));
  return load16(lanes);
}

INLINE void store_part(float *p, f32x16 v, size_t count) {
  float lanes[LANES];
  store16(lanes, v);
  memcpy(p, lanes, count * sizeof(float));
}

INLINE f32x16 splat(float x) { return x - (f32x16){0}; }

INLINE i32x16 bits_of(f32x16 x) { return (i32x16)x; }

INLINE f32x16 max16(f32x16 a, f32x16 b) { return a > b ? a : b; }

INLINE f32x16 min16(f32x16 a, f32x16 b) { return a < b ? a : b; }

INLINE f32x16 abs16(f32x16 x) { return (f32x16)(bits_of(x) & 0x7FFFFFFF); }

// a * b + c, rounded once.
#if TK_NATIVE_FMA
INLINE f32x16 fma16(f32x16 a, f32x16 b, f32x16 c) { return __builtin_elementwise_fma(a, b, c); }
#else
static __attribute__((noinline)) f32x16 fma16(f32x16 a, f32x16 b, f32x16 c) {
  // The product is exact in double. The sum is rounded to odd: if it is inexact and its last bit
  // is even, it is moved by one towards the exact value. Rounding that to fp32 is then right, for
  // double has more than two bits more (Boldo and Melquiond, "Emulation of a FMA", 2008).
  f64x16 product = __builtin_convertvector(a, f64x16) * __builtin_convertvector(b, f64x16);
  f64x16 addend = __builtin_convertvector(c, f64x16);
  f64x16 sum = product + addend;
  f64x16 addendPart = sum - product;
  f64x16 error = (product - (sum - addendPart)) + (addend - addendPart);
  i64x16 sumBits = (i64x16)sum;
  i64x16 inexact = (error != 0) & ((sumBits & 1) == 0);
  i64x16 grows = (error > 0) == (sum > 0);  // -1 where the exact value is larger in size, else 0
  sumBits += inexact & (-2 * grows - 1);
  return __builtin_convertvector((f64x16)sumBits, f32x16);
}
#endif

// The sum of 16 lanes by the fixed tree: i + i+8, then +4, +2, +1.
INLINE float tree_sum(f32x16 v) {
  f32x8 h = __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7) +
            __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15);
  f32x4 q = __builtin_shufflevector(h, h, 0, 1, 2, 3) + __builtin_shufflevector(h, h, 4, 5, 6, 7);
  return (q[0] + q[2]) + (q[1] + q[3]);
}

// Shuffles within each quarter of a vector, all at once.
#define PAIR_QUARTERS(a, b, i, j, k, l)                                                          \
  __builtin_shufflevector(a, b, i, j, k, l, i + 4, j + 4, k + 4, l + 4, i + 8, j + 8, k + 8,     \
                          l + 8, i + 12, j + 12, k + 12, l + 12)

// Transposes 16 x 16 values: first the 4 x 4 squares, by shuffles that stay within 128 bits, which
// every ISA has; then the squares as wholes, which is mere renaming where registers are as small.
INLINE void transpose16(f32x16 rows[LANES]) {
  f32x16 squares[LANES];
  UNROLL for (int g = 0; g < LANES; g += 4) {
    f32x16 low01 = PAIR_QUARTERS(rows[g], rows[g + 1], 0, 16, 1, 17);
    f32x16 high01 = PAIR_QUARTERS(rows[g], rows[g + 1], 2, 18, 3, 19);
    f32x16 low23 = PAIR_QUARTERS(rows[g + 2], rows[g + 3], 0, 16, 1, 17);
    f32x16 high23 = PAIR_QUARTERS(rows[g + 2], rows[g + 3], 2, 18, 3, 19);
    squares[g] = PAIR_QUARTERS(low01, low23, 0, 1, 16, 17);
    squares[g + 1] = PAIR_QUARTERS(low01, low23, 2, 3, 18, 19);
    squares[g + 2] = PAIR_QUARTERS(high01, high23, 0, 1, 16, 17);
    squares[g + 3] = PAIR_QUARTERS(high01, high23, 2, 3, 18, 19);
  }
#define EVEN_QUARTERS(a, b) \
  __builtin_shufflevector(a, b, 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27)
#define ODD_QUARTERS(a, b) \
  __builtin_shufflevector(a, b, 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31)
#define LOW_HALVES(a, b) \
  __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23)
#define HIGH_HALVES(a, b) \
  __builtin_shufflevector(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31)
  UNROLL for (int j = 0; j < 4; j++) {
    f32x16 even01 = EVEN_QUARTERS(squares[j], squares[j + 4]);
    f32x16 odd01 = ODD_QUARTERS(squares[j], squares[j + 4]);
    f32x16 even23 = EVEN_QUARTERS(squares[j + 8], squares[j + 12]);
    f32x16 odd23 = ODD_QUARTERS(squares[j + 8], squares[j + 12]);
    rows[j] = LOW_HALVES(even01, even23);
    rows[j + 4] = LOW_HALVES(odd01, odd23);
    rows[j + 8] = HIGH_HALVES(even01, even23);
    rows[j + 12] = HIGH_HALVES(odd01, odd23);
  }
}
