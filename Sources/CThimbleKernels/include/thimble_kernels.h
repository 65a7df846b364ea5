// Leaf kernels: everything that Swift may assume about them. Formats/numerics.md defines every
// result to the bit; all ISAs return the same bits. Nothing here allocates, fails, or checks a
// size: Swift has checked them all. Pointers need no alignment beyond that of their element.
#pragma once

#include "heap.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  TK_PANEL_ROWS = 32,  // output rows of a panel
  TK_BLOCK = 64,       // consecutive inputs that share a scale
  TK_LANES = 16,       // strided partial sums of every reduction over a row
  TK_QUERIES = 12,     // queries that go through the keys together
};

static inline size_t tk_round_up(size_t x, size_t multiple) {
  return (x + multiple - 1) / multiple * multiple;
}

// out[t, r] = bias[r] + sum over blocks b, in order, of
//             fma(float(sum over the block of (codes - 128) * x), scale[b, r] * xScale[t, b], acc)
// for each of several panels.
typedef struct {
  const uint8_t *_Nonnull codes;       // [panels][k / 4][32][4]: code + 128
  const uint8_t *_Nonnull scaleCodes;  // [panels][k / 64][32]: e; scale = steps[e & 7] * 2^(e >> 3)
  const float *_Nonnull steps;         // [8]
  const int8_t *_Nonnull x;            // [tokens][k]
  const int8_t *_Nullable xLow;        // [tokens][k]: the inputs are 255 * x + xLow; or NULL
  const float *_Nonnull xScales;       // [tokens][k / 64]
  const int32_t *_Nonnull xOffsets;    // [tokens][k / 64]: -128 * sum of the block's inputs
  const float *_Nonnull bias;          // [panels][32]
  float *_Nonnull out;                 // [tokens] rows of [panels][32], outStride floats apart
  size_t k;                            // a multiple of 64
  size_t tokens;
  size_t outStride;
  size_t panels;
  // What will be needed next and is fetched into the cache meanwhile: if NULL, so many bytes of
  // codes behind these, else bytes that lie elsewhere.
  const uint8_t *_Nullable next;
  size_t nextSize;
} tk_matmul_q8;

// out[t, r] = bias[r] + sum over blocks b, in order, of (fma chain over the block, from 0)
typedef struct {
  const float *_Nonnull weights;  // [k][32]
  const float *_Nonnull x;        // [tokens] rows of k, xStride floats apart
  const float *_Nonnull bias;     // [32]
  float *_Nonnull out;            // [tokens] rows of 32, outStride floats apart
  size_t k;                       // any
  size_t tokens;
  size_t xStride;
  size_t outStride;
} tk_matmul_f32;

// Activations of rows to int8 or int16 by blocks of 64; columns from n to k are zero.
typedef struct {
  const float *_Nonnull x;                // [rows] of n, xStride floats apart
  const float *_Nullable columnFactors;   // [n], multiplied in first; or NULL
  int8_t *_Nonnull codes;                 // [rows] of k, codesStride apart
  int8_t *_Nullable low;                  // likewise: int16 codes are 255 * codes + low; or NULL
  float *_Nonnull scales;                 // [rows] of k / 64, codesStride / 64 apart
  int32_t *_Nonnull offsets;              // likewise
  size_t rows, n, k;                      // k = n rounded up to a multiple of 64
  size_t xStride, codesStride;            // codesStride is a multiple of 64
} tk_quantize;

// What one row of a panel stands for: out[i] = (code - 128) * scale, times its column's factor.
typedef struct {
  const uint8_t *_Nonnull codes;          // [k / 4][32][4]
  const uint8_t *_Nonnull scaleCodes;     // [k / 64][32]
  const float *_Nonnull steps;            // [8]
  const float *_Nullable columnFactors;   // [n]; or NULL
  float *_Nonnull out;                    // [n]
  size_t row, n;                          // row < 32
} tk_dequantize_q8;

// out = LayerNorm(x + residual) * weight + bias, row by row. residual may be NULL; out may be x.
typedef struct {
  const float *_Nonnull x;
  const float *_Nullable residual;
  const float *_Nonnull weight;  // [n]
  const float *_Nonnull bias;    // [n]
  float *_Nonnull out;
  size_t rows, n;
  size_t xStride, residualStride, outStride;
  float epsilon;
} tk_layer_norm;

// Attention of one head of one sequence: out[i] = softmax(scale * q[i] . k[j] over j) . v
typedef struct {
  const float *_Nonnull q;  // [length] rows of headDim, stride floats apart
  const float *_Nonnull k;  // likewise
  const float *_Nonnull v;  // likewise
  float *_Nonnull out;      // [length] rows of headDim, outStride floats apart
  float *_Nonnull scratch;  // tk_attention_scratch(length, headDim) floats
  size_t length, headDim;
  size_t stride, outStride;
  float scale;              // 1 / sqrt(headDim)
  bool causal;              // key j is visible to query i only if j <= i
} tk_attention;

// Floats of scratch that tk_attention needs.
static inline size_t tk_attention_scratch(size_t length, size_t headDim) {
  size_t keys = tk_round_up(length, TK_PANEL_ROWS), columns = tk_round_up(headDim, TK_LANES);
  return keys * headDim + length * columns             // K in panels, V
         + TK_QUERIES * (keys + headDim + columns);    // scores, queries, results
}

// Element types of a checkpoint's weights.
typedef enum { TK_F32 = 0, TK_F16 = 1, TK_BF16 = 2 } tk_element;

// rows x k weights of a checkpoint, transposed into an fp32 panel: out[i][r] = weights[r][i].
// Rows from `rows` to 32 are zero.
typedef struct {
  const void *_Nonnull weights;  // [rows] of k, stride elements apart, any alignment
  float *_Nonnull out;           // [k][32]
  size_t rows, k;                // rows <= 32
  size_t stride;
  tk_element element;
} tk_pack_f32;

// Quantises 32 rows x k weights to a panel (Formats/thimble.md, "q8b64").
typedef struct {
  const void *_Nonnull weights;          // [rows][n], rows contiguous, any alignment
  const float *_Nullable columnFactors;  // [n], multiplied in first; or NULL
  const float *_Nonnull steps;           // [8]: step * 2^(j / 8)
  uint8_t *_Nonnull codes;               // [k / 4][32][4]; 128 (zero) beyond rows and n
  uint8_t *_Nonnull scaleCodes;          // [k / 64][32]
  size_t rows, n, k;                     // rows <= 32; k = n rounded up to a multiple of 64
  tk_element element;
  double signal;                         // out: sum of w^2 over the panel
  double noise;                          // out: sum of (w - code * scale)^2; both after the factors
  ptrdiff_t notFinite;                   // out: row * n + column of the first weight that is NaN,
                                         // infinite or too large for any scale code; -1 if none
} tk_encode_q8;

typedef struct __attribute__((swift_attr("@Sendable"))) {
  const char *_Nonnull name;          // "avx2"
  bool (*_Nonnull supported)(void);   // whether this CPU and system can run it
  void (*_Nonnull matmul_q8)(const tk_matmul_q8 *_Nonnull);
  void (*_Nonnull matmul_f32)(const tk_matmul_f32 *_Nonnull);
  void (*_Nonnull quantize)(const tk_quantize *_Nonnull);
  void (*_Nonnull dequantize_q8)(const tk_dequantize_q8 *_Nonnull);
  void (*_Nonnull layer_norm)(const tk_layer_norm *_Nonnull);
  void (*_Nonnull attention)(const tk_attention *_Nonnull);
  // x[i] = x[i] * (1 + erf(x[i] / sqrt 2)) / 2
  void (*_Nonnull gelu)(float *_Nonnull x, size_t count);
  // max of x, and the sum of exp(x - max); count >= 1
  void (*_Nonnull sum_exp)(const float *_Nonnull x, size_t count, float *_Nonnull max,
                           float *_Nonnull sum);
  void (*_Nonnull pack_f32)(const tk_pack_f32 *_Nonnull);
  void (*_Nonnull encode_q8)(tk_encode_q8 *_Nonnull);
  // out[i] = low nibbles; out[count / 2 + i] = high nibbles, of the pair of planes:
  // out[i] = (low[i] & 15) | (high[i] << 4), out[half + i] = (low[i] >> 4) | (high[i] & 0xF0)
  void (*_Nonnull join_planes)(const uint8_t *_Nonnull low, const uint8_t *_Nonnull high,
                               uint8_t *_Nonnull out, size_t half);
  // The inverse, for writing.
  void (*_Nonnull split_planes)(const uint8_t *_Nonnull codes, uint8_t *_Nonnull low,
                                uint8_t *_Nonnull high, size_t half);
} tk_isa;

// The i-th compiled-in ISA, best first; NULL past the end.
const tk_isa *_Nullable tk_isa_at(size_t i);

// Tells the processor that a loop only waits for another thread.
static inline void tk_spin_hint(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ __volatile__("isb" ::: "memory");
#endif
}
