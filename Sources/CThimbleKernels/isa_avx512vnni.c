// x86-64 with AVX-512 and its int8 dot product: Intel since Cascade Lake, AMD since Zen 4.
#include "thimble_kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

static bool supported(void) {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vnni");
}

#define TK_NATIVE_FMA 1
#define TK_NATIVE_F16 1
#define TK_TILE_TOKENS 12
#define TK_TILE_VECTORS 2
#define TK_Q8_TOKENS 8
#define TK_Q8_MANY 6
#define TK_Q8_VECTORS 2
#define TK_Q8_UNROLL 4
#define TK_Q8_UNSIGNED 1
#pragma clang attribute push(                                                              \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma,f16c"))), \
    apply_to = function)
#include "body/vector.h"

typedef __m512i q8_weights;

INLINE q8_weights q8_load(const uint8_t *codes) { return _mm512_loadu_si512(codes); }

INLINE i32x16 q8_dot(i32x16 sum, q8_weights w, int32_t x4) {
  return (i32x16)_mm512_dpbusd_epi32((__m512i)sum, w, _mm512_set1_epi32(x4));
}

INLINE f32x16 lookup8(const float *table, i32x16 index) {
  __m512 steps = _mm512_castps256_ps512(_mm256_loadu_ps(table));
  return (f32x16)_mm512_permutexvar_ps((__m512i)index, steps);
}

#include "body/kernels.h"
#pragma clang attribute pop

TK_ISA_ENTRY(avx512vnni)
#endif
