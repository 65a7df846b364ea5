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
#define TK_Q8_MANY 2
#define TK_Q8_VECTORS 1
#define TK_Q8_UNROLL 2
#define TK_Q8_UNSIGNED 0
#include "body/vector.h"

typedef uint8_t u8x64 __attribute__((ext_vector_type(64)));
typedef int8_t i8x64 __attribute__((ext_vector_type(64)));
typedef int16_t i16x64 __attribute__((ext_vector_type(64)));
typedef int32_t i32x32 __attribute__((ext_vector_type(32)));
typedef i16x64 q8_weights;

// Codes times 256: of full 16-bit numbers the compiler makes the multiply-and-add-pairs
// instruction that most machines have; of numbers that it knows to be small it does not.
INLINE q8_weights q8_load(const uint8_t *codes) {
  u8x64 bytes;
  memcpy(&bytes, codes, sizeof bytes);
  return (__builtin_convertvector(bytes, i16x64) << 8) ^ (int16_t)0x8000;
}

INLINE i32x16 q8_dot(i32x16 sum, q8_weights w, int32_t x4) {
  i16x64 x = __builtin_convertvector((i8x64)((i32x16){0} + x4), i16x64);
  i32x32 pairs = __builtin_convertvector(w.even, i32x32) * __builtin_convertvector(x.even, i32x32) +
                 __builtin_convertvector(w.odd, i32x32) * __builtin_convertvector(x.odd, i32x32);
  return sum + ((pairs.even + pairs.odd) >> 8);
}

INLINE f32x16 lookup8(const float *table, i32x16 index) {
  f32x16 v;
  for (int i = 0; i < LANES; i++) v[i] = table[index[i]];
  return v;
}

#include "body/kernels.h"

TK_ISA_ENTRY(portable)
