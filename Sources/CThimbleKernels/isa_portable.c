// For machines without a kernel of their own: no intrinsics, whatever the compiler's target has.
#include "thimble_kernels.h"

static bool supported(void) { return true; }

#ifdef __FP_FAST_FMAF
#define TK_NATIVE_FMA 1
#else
#define TK_NATIVE_FMA 0
#endif
#define TK_NATIVE_F16 0
#define TK_TILE_TOKENS 2
#define TK_TILE_VECTORS 1
#define TK_Q8_TOKENS 2
#define TK_Q8_VECTORS 1
#define TK_Q8_UNSIGNED 0
#include "body/vector.h"

typedef int8_t i8x64 __attribute__((ext_vector_type(64)));
typedef int16_t i16x64 __attribute__((ext_vector_type(64)));
typedef int32_t i32x32 __attribute__((ext_vector_type(32)));
typedef i16x64 q8_weights;

INLINE q8_weights q8_load(const uint8_t *codes) {
  i8x64 bytes;
  memcpy(&bytes, codes, sizeof bytes);
  return __builtin_convertvector(bytes ^ -128, i16x64);
}

INLINE i32x16 q8_dot(i32x16 sum, q8_weights w, int32_t x4) {
  i8x64 x = (i8x64)((i32x16){0} + x4);
  // 128 * 127 fits into 16 bits.
  i32x32 pairs = (i32x32)(w * __builtin_convertvector(x, i16x64));
  pairs = (pairs << 16 >> 16) + (pairs >> 16);
  return sum +
         __builtin_shufflevector(pairs, pairs, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26,
                                 28, 30) +
         __builtin_shufflevector(pairs, pairs, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27,
                                 29, 31);
}

INLINE f32x16 lookup8(const float *table, i32x16 index) {
  f32x16 v;
  for (int i = 0; i < LANES; i++) v[i] = table[index[i]];
  return v;
}

#include "body/kernels.h"

TK_ISA_ENTRY(portable)
