// x86-64 with AVX2 and the int8 dot product in its registers: Intel since Alder Lake, AMD Zen 5.
#include "thimble_kernels.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

// Leaf 7.1 says whether the CPU has AVX-VNNI; that of AVX2 covers the system's part.
static bool supported(void) {
  unsigned a, b, c, d;
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
         __builtin_cpu_supports("f16c") && __get_cpuid_count(7, 1, &a, &b, &c, &d) &&
         (a & (1u << 4));
}

#define TK_NATIVE_FMA 1
#define TK_NATIVE_F16 1
#define TK_TILE_TOKENS 6
#define TK_TILE_VECTORS 1
#define TK_Q8_TOKENS 6
#define TK_Q8_MANY 6
#define TK_Q8_VECTORS 1
#define TK_Q8_UNROLL 4
#define TK_Q8_UNSIGNED 1
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,avxvnni"))), apply_to = function)
#include "body/vector.h"

typedef struct {
  __m256i half[2];
} q8_weights;

INLINE q8_weights q8_load(const uint8_t *codes) {
  q8_weights w;
  memcpy(&w, codes, sizeof w);
  return w;
}

INLINE i32x16 q8_dot(i32x16 sum, q8_weights w, int32_t x4) {
  __m256i sums[2];
  memcpy(sums, &sum, sizeof sums);
  for (int i = 0; i < 2; i++)
    sums[i] = _mm256_dpbusd_avx_epi32(sums[i], w.half[i], _mm256_set1_epi32(x4));
  memcpy(&sum, sums, sizeof sum);
  return sum;
}

#include "body/lookup256.h"
#include "body/kernels.h"
#pragma clang attribute pop

TK_ISA_ENTRY(avxvnni)
#endif
