// x86-64 with AVX2, FMA and F16C: Intel since 2013, AMD since 2015.
#include "thimble_kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

static bool supported(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
         __builtin_cpu_supports("f16c");
}

#define TK_NATIVE_FMA 1
#define TK_NATIVE_F16 1
#define TK_TILE_TOKENS 6
#define TK_TILE_VECTORS 1
#define TK_Q8_TOKENS 4
#define TK_Q8_MANY 4
#define TK_Q8_VECTORS 1
#define TK_Q8_UNROLL 2
#define TK_Q8_UNSIGNED 0
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#include "body/vector.h"

typedef struct {
  __m256i code[2], size[2];
} q8_weights;

INLINE q8_weights q8_load(const uint8_t *codes) {
  q8_weights w;
  for (int i = 0; i < 2; i++) {
    __m256i bytes = _mm256_loadu_si256((const __m256i *)(codes + 32 * i));
    w.code[i] = _mm256_xor_si256(bytes, _mm256_set1_epi8(-128));
    w.size[i] = _mm256_abs_epi8(w.code[i]);
  }
  return w;
}

// maddubs adds pairs of u8 x s8 products in 16 bits and would saturate with codes up to 255. With
// the code's sign moved to the activation, a pair is at most 2 * 128 * 127 < 2^15: exact.
INLINE i32x16 q8_dot(i32x16 sum, q8_weights w, int32_t x4) {
  __m256i x = _mm256_set1_epi32(x4), sums[2];
  memcpy(sums, &sum, sizeof sums);
  for (int i = 0; i < 2; i++) {
    __m256i pairs = _mm256_maddubs_epi16(w.size[i], _mm256_sign_epi8(x, w.code[i]));
    sums[i] = _mm256_add_epi32(sums[i], _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
  }
  memcpy(&sum, sums, sizeof sum);
  return sum;
}

#include "body/lookup256.h"
#include "body/kernels.h"
#pragma clang attribute pop

TK_ISA_ENTRY(avx2)
#endif
