// Any 64-bit ARM, for example the Raspberry Pi 3 and 4.
#include "thimble_kernels.h"

#if defined(__aarch64__)
#include <arm_neon.h>

static bool supported(void) { return true; }

#define TK_NATIVE_FMA 1
#define TK_NATIVE_F16 1
#define TK_TILE_TOKENS 6
#define TK_TILE_VECTORS 1
#define TK_Q8_TOKENS 4
#define TK_Q8_MANY 4
#define TK_Q8_VECTORS 1
#define TK_Q8_UNROLL 2
#define TK_Q8_UNSIGNED 0
#include "body/vector.h"
#include "body/neon.h"

INLINE i32x16 q8_dot(i32x16 sum, q8_weights w, int32_t x4) {
  int32x4_t sums[4];
  memcpy(sums, &sum, sizeof sums);
  int8x16_t x = vreinterpretq_s8_s32(vdupq_n_s32(x4));
  for (int i = 0; i < 4; i++) {
    int16x8_t low = vmull_s8(vget_low_s8(w.quarter[i]), vget_low_s8(x));
    int16x8_t high = vmull_high_s8(w.quarter[i], x);
    // A pair is at most 2 * 128 * 127 < 2^15.
    sums[i] = vpadalq_s16(sums[i], vpaddq_s16(low, high));
  }
  memcpy(&sum, sums, sizeof sum);
  return sum;
}

#include "body/kernels.h"

TK_ISA_ENTRY(neon)
#endif
