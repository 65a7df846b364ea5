// Multiplication by a panel. An ISA file defines before, for int8:
//   TK_Q8_TOKENS     tokens of a full tile, at most 12
//   TK_Q8_VECTORS    rows of a full tile / 16: 1 or 2
//   q8_weights       16 rows x 4 k of a panel, ready to multiply
//   q8_load          makes them of 64 bytes
//   q8_dot           adds their exact dot products with 4 activations to 16 sums
//   TK_Q8_UNROLL     steps of 4 k that are unrolled; all 16 make the compiler spill
//   TK_Q8_UNSIGNED   1 if q8_dot multiplies code + 128, 0 if it multiplies the code
//   lookup8          float of each lane's index, of 8

enum { Q8_TOKENS = TK_Q8_TOKENS, Q8_VECTORS = TK_Q8_VECTORS };
_Static_assert(Q8_TOKENS <= 12 && TK_PANEL_ROWS % (Q8_VECTORS * LANES) == 0, "q8_tile");

// Blocks of a panel that are multiplied by all tokens before the next ones: 32 KiB of codes,
// which the first level of the cache keeps.
enum { CHUNK_BLOCKS = 16 };

INLINE void q8_tile(const tk_matmul_q8 *a, const float *scales, size_t firstBlock, size_t endBlock,
                    size_t token, size_t row, int tokens) {
  const size_t blocks = a->k / TK_BLOCK;
  const int8_t *x = a->x + token * a->k;
  float *out = a->out + token * a->outStride + row;
  f32x16 sums[Q8_TOKENS][Q8_VECTORS];
  UNROLL for (int t = 0; t < tokens; t++)
    UNROLL for (int v = 0; v < Q8_VECTORS; v++)
      sums[t][v] = firstBlock == 0 ? splat(0) : load16(out + t * a->outStride + v * LANES);

  for (size_t b = firstBlock; b < endBlock; b++) {
    const uint8_t *codes = a->codes + b * TK_BLOCK * TK_PANEL_ROWS + row * 4;
    const size_t xBlock = token * blocks + b;
    i32x16 dots[Q8_TOKENS][Q8_VECTORS];
    UNROLL for (int t = 0; t < tokens; t++)
      UNROLL for (int v = 0; v < Q8_VECTORS; v++)
        dots[t][v] = (i32x16){0} + (TK_Q8_UNSIGNED ? a->xOffsets[xBlock + t * blocks] : 0);
#pragma clang loop unroll_count(TK_Q8_UNROLL)
    for (int k = 0; k < TK_BLOCK; k += 4, codes += 4 * TK_PANEL_ROWS) {
      q8_weights w[Q8_VECTORS];
      UNROLL for (int v = 0; v < Q8_VECTORS; v++) w[v] = q8_load(codes + v * 4 * LANES);
      UNROLL for (int t = 0; t < tokens; t++) {
        int32_t x4;
        memcpy(&x4, x + t * a->k + b * TK_BLOCK + k, sizeof x4);
        UNROLL for (int v = 0; v < Q8_VECTORS; v++) dots[t][v] = q8_dot(dots[t][v], w[v], x4);
      }
    }
    const float *scale = scales + (b - firstBlock) * TK_PANEL_ROWS + row;
    UNROLL for (int t = 0; t < tokens; t++)
      UNROLL for (int v = 0; v < Q8_VECTORS; v++)
        sums[t][v] = fma16(__builtin_convertvector(dots[t][v], f32x16),
                           load16(scale + v * LANES) * a->xScales[xBlock + t * blocks], sums[t][v]);
  }

  UNROLL for (int t = 0; t < tokens; t++)
    UNROLL for (int v = 0; v < Q8_VECTORS; v++) {
      f32x16 sum = sums[t][v];
      if (endBlock == blocks) sum += load16(a->bias + row + v * LANES);
      store16(out + t * a->outStride + v * LANES, sum);
    }
}

static void matmul_q8(const tk_matmul_q8 *a) {
  assert(a->k % TK_BLOCK == 0 && a->k > 0);
  const size_t blocks = a->k / TK_BLOCK;
  float scales[CHUNK_BLOCKS * TK_PANEL_ROWS];
  for (size_t first = 0; first < blocks; first += CHUNK_BLOCKS) {
    const size_t end = blocks - first < CHUNK_BLOCKS ? blocks : first + CHUNK_BLOCKS;
    for (size_t i = first * TK_PANEL_ROWS; i < end * TK_PANEL_ROWS; i += LANES) {
      u8x16 bytes;
      memcpy(&bytes, a->scaleCodes + i, sizeof bytes);
      u32x16 e = __builtin_convertvector(bytes, u32x16);
      // Adding to the exponent multiplies by a power of two.
      u32x16 scale = (u32x16)lookup8(a->steps, (i32x16)(e & 7)) + ((e >> 3) << 23);
      store16(scales + i - first * TK_PANEL_ROWS, (f32x16)scale);
    }
    for (size_t row = 0; row < TK_PANEL_ROWS; row += Q8_VECTORS * LANES)
      for (size_t t = 0; t < a->tokens; t += Q8_TOKENS) {
        const size_t tokens = a->tokens - t < Q8_TOKENS ? a->tokens - t : Q8_TOKENS;
#define TILE(count) q8_tile(a, scales, first, end, t, row, count)
        FOR_TOKENS(tokens, Q8_TOKENS, TILE)
#undef TILE
      }
  }
}

static void matmul_f32(const tk_matmul_f32 *a) {
  for (size_t first = 0; first < a->k; first += TK_BLOCK)
    multiply(
        (tile_task){
            .x = a->x + first,
            .w = a->weights + first * TK_PANEL_ROWS,
            .out = a->out,
            .n = a->k - first < TK_BLOCK ? a->k - first : TK_BLOCK,
            .xStride = a->xStride,
            .wStride = TK_PANEL_ROWS,
            .outStride = a->outStride,
            .adds = first > 0,
        },
        a->tokens, TK_PANEL_ROWS);
  for (size_t t = 0; t < a->tokens; t++)
    for (size_t r = 0; r < TK_PANEL_ROWS; r += LANES) {
      float *out = a->out + t * a->outStride + r;
      store16(out, (a->k == 0 ? splat(0) : load16(out)) + load16(a->bias + r));
    }
}
