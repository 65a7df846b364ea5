// 64-bit ARM with the int8 dot product: most cores since 2018, among them the Raspberry Pi 5.
#include "thimble_kernels.h"

#if defined(__aarch64__) && defined(__linux__)
#include <arm_neon.h>
#include <sys/auxv.h>

static bool supported(void) {
  const unsigned long dotProducts = 1ul << 20;  // HWCAP_ASIMDDP
  return getauxval(AT_HWCAP) & dotProducts;
}

#define TK_NATIVE_FMA 1
#define TK_NATIVE_F16 1
#define TK_TILE_TOKENS 6
#define TK_TILE_VECTORS 1
#define TK_Q8_TOKENS 6
#define TK_Q8_MANY 6
#define TK_Q8_VECTORS 1
#define TK_Q8_UNROLL 2
#define TK_Q8_UNSIGNED 0
#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)
#include "body/vector.h"
#include "body/neon.h"

INLINE i32x16 q8_dot(i32x16 sum, q8_weights w, int32_t x4) {
  int32x4_t sums[4];
  memcpy(sums, &sum, sizeof sums);
  int8x16_t x = vreinterpretq_s8_s32(vdupq_n_s32(x4));
  for (int i = 0; i < 4; i++) sums[i] = vdotq_s32(sums[i], w.quarter[i], x);
  memcpy(&sum, sums, sizeof sum);
  return sum;
}

#include "body/kernels.h"
#pragma clang attribute pop

TK_ISA_ENTRY(neondot)
#endif
