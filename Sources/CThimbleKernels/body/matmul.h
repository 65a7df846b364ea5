// Multiplication by a panel. An ISA file defines before, for int8:
//   TK_Q8_TOKENS     tokens of a full tile, at most 12
//   TK_Q8_MANY       the same for more tokens than MANY_TOKENS: what runs best out of their memory
//   TK_Q8_VECTORS    rows of a full tile / 16: 1 or 2
//   q8_weights       16 rows x 4 k of a panel, ready to multiply
//   q8_load          makes them of 64 bytes
//   q8_dot           adds their exact dot products with 4 activations to 16 sums
//   TK_Q8_UNROLL     steps of 4 k that are unrolled; all 16 make the compiler spill
//   TK_Q8_UNSIGNED   1 if q8_dot multiplies code + 128, 0 if it multiplies the code
//   lookup8          float of each lane's index, of 8

enum { Q8_TOKENS = TK_Q8_TOKENS, Q8_MANY = TK_Q8_MANY, Q8_VECTORS = TK_Q8_VECTORS };
_Static_assert(Q8_MANY <= Q8_TOKENS && Q8_TOKENS <= 12 && TK_PANEL_ROWS % (Q8_VECTORS * LANES) == 0, "q8_tile");

// Blocks of a panel that are multiplied by all tokens before the next ones. Many tokens read them
// often, so the first level of the cache keeps them: 32 KiB. For few tokens memory is what they
// wait for, and small parts let it work without pause.
enum { MOST_BLOCKS = 16, FEW_BLOCKS = 4, FEW_TILES = 5, MANY_TOKENS = 128 };

// A part of a panel: what its tiles share.
typedef struct {
  const uint8_t *codes;
  size_t first, count;  // its blocks
  const float *bias;    // not NULL in the last part of a panel
  float *out;
  float scales[MOST_BLOCKS][TK_PANEL_ROWS];
  uint32_t plain;       // bit b: block b has the scale steps[0] in every row
  // What is needed next, and how many lines of it each quarter of a block asks memory for.
  const uint8_t *ahead, *aheadEnd;
  size_t aheadLines;
} q8_part;

// products[b] = step * scales[b]
INLINE void scale_all(const float *scales, size_t count, float step, float *products) {
  size_t b = 0;
  for (; b + 4 <= count; b += 4) {
    f32x4 v;
    memcpy(&v, scales + b, sizeof v);
    v *= step;
    memcpy(products + b, &v, sizeof v);
  }
  for (; b < count; b++) products[b] = scales[b] * step;
}

// The inputs have `terms` terms of 8 bits each, at most 2; tokens * terms is at most Q8_TOKENS.
INLINE void q8_tile(const tk_matmul_q8 *a, q8_part *part, size_t token, size_t row, int tokens,
                    int terms) {
  const size_t blocks = a->k / TK_BLOCK;
  const size_t firstX = token * a->k + part->first * TK_BLOCK;
  const int8_t *x[2] = {a->x + firstX, terms == 2 ? a->xLow + firstX : NULL};
  const float *xScales = a->xScales + token * blocks + part->first;
  const int32_t *xOffsets = a->xOffsets + token * blocks + part->first;
  float *out = part->out + token * a->outStride + row;
  float plainScales[Q8_TOKENS][MOST_BLOCKS];
  UNROLL for (int t = 0; t < tokens; t++)
    scale_all(xScales + t * blocks, part->count, a->steps[0], plainScales[t]);
  f32x16 sums[Q8_TOKENS][Q8_VECTORS];
  UNROLL for (int t = 0; t < tokens; t++)
    UNROLL for (int v = 0; v < Q8_VECTORS; v++)
      sums[t][v] = part->first == 0 ? splat(0) : load16(out + t * a->outStride + v * LANES);

  for (size_t b = 0; b < part->count; b++) {
    const uint8_t *codes = part->codes + b * TK_BLOCK * TK_PANEL_ROWS + row * 4;
    // The cache does not hold the activations of many tokens: the next tile's are fetched.
    if (tokens * terms == Q8_MANY && a->tokens > MANY_TOKENS)
      UNROLL for (int i = 0; i < tokens * terms; i++)
        __builtin_prefetch(x[i % terms] + (i / terms + tokens) * a->k + b * TK_BLOCK);
    // A token's terms follow each other; its offset goes with the last.
    i32x16 dots[Q8_TOKENS][Q8_VECTORS];
    UNROLL for (int i = 0; i < tokens * terms; i++) {
      const bool isLast = i % terms == terms - 1;
      UNROLL for (int v = 0; v < Q8_VECTORS; v++)
        dots[i][v] =
            (i32x16){0} + (TK_Q8_UNSIGNED && isLast ? xOffsets[b + i / terms * blocks] : 0);
    }
#pragma clang loop unroll(disable)
    for (int quarter = 0; quarter < TK_BLOCK; quarter += TK_BLOCK / 4) {
      for (size_t i = 0; i < part->aheadLines && part->ahead < part->aheadEnd; i++) {
        __builtin_prefetch(part->ahead);
        part->ahead += CACHE_LINE;
      }
#pragma clang loop unroll_count(TK_Q8_UNROLL)
      for (int k = quarter; k < quarter + TK_BLOCK / 4; k += 4, codes += 4 * TK_PANEL_ROWS) {
        q8_weights w[Q8_VECTORS];
        UNROLL for (int v = 0; v < Q8_VECTORS; v++) w[v] = q8_load(codes + v * 4 * LANES);
        UNROLL for (int i = 0; i < tokens * terms; i++) {
          int32_t x4;
          memcpy(&x4, x[i % terms] + i / terms * a->k + b * TK_BLOCK + k, sizeof x4);
          UNROLL for (int v = 0; v < Q8_VECTORS; v++) dots[i][v] = q8_dot(dots[i][v], w[v], x4);
        }
      }
    }
    if (terms == 2)
      UNROLL for (int t = 0; t < tokens; t++)
        UNROLL for (int v = 0; v < Q8_VECTORS; v++)
          dots[t][v] = 255 * dots[2 * t][v] + dots[2 * t + 1][v];
    // The product of the scales is the same for all rows of nearly every block.
    const bool isPlain = part->plain >> b & 1;
    const float *scale = part->scales[b] + row;
#define ADD_DOTS(product)                                                                  \
  UNROLL for (int t = 0; t < tokens; t++) UNROLL for (int v = 0; v < Q8_VECTORS; v++)      \
      sums[t][v] = fma16(__builtin_convertvector(dots[t][v], f32x16), product, sums[t][v])
    if (isPlain) ADD_DOTS(splat(plainScales[t][b]));
    else ADD_DOTS(load16(scale + v * LANES) * xScales[b + t * blocks]);
#undef ADD_DOTS
  }

  UNROLL for (int t = 0; t < tokens; t++)
    UNROLL for (int v = 0; v < Q8_VECTORS; v++) {
      f32x16 sum = sums[t][v];
      if (part->bias) sum += load16(part->bias + row + v * LANES);
      store16(out + t * a->outStride + v * LANES, sum);
    }
}

// Fills in the scales of the part, whose scale codes begin at `codes`.
INLINE void q8_scales(const tk_matmul_q8 *a, const uint8_t *codes, q8_part *part) {
  part->plain = 0;
  for (size_t b = 0; b < part->count; b++) {
    u32x16 all = {0};
    UNROLL for (size_t row = 0; row < TK_PANEL_ROWS; row += LANES) {
      u8x16 bytes;
      memcpy(&bytes, codes + b * TK_PANEL_ROWS + row, sizeof bytes);
      u32x16 e = __builtin_convertvector(bytes, u32x16);
      // Adding to the exponent multiplies by a power of two.
      u32x16 scale = (u32x16)lookup8(a->steps, (i32x16)(e & 7)) + ((e >> 3) << 23);
      store16(part->scales[b] + row, (f32x16)scale);
      all |= e;
    }
    part->plain |= (uint32_t)(__builtin_reduce_or(all) == 0) << b;
  }
}

static void matmul_q8(const tk_matmul_q8 *a) {
  assert(a->k % TK_BLOCK == 0 && a->k > 0);
  if (a->tokens == 0) return;
  const size_t blocks = a->k / TK_BLOCK, blockSize = TK_BLOCK * TK_PANEL_ROWS;
  // A wide token fills two places of a tile.
  const size_t tileTokens =
      (a->tokens > MANY_TOKENS ? Q8_MANY : Q8_TOKENS) / (a->xLow ? 2 : 1);
  const size_t tiles =
      (a->tokens + tileTokens - 1) / tileTokens * (TK_PANEL_ROWS / (Q8_VECTORS * LANES));
  const size_t most = tiles <= FEW_TILES ? FEW_BLOCKS : MOST_BLOCKS;
  // Codes that lie in memory are fetched one part before they are needed.
  const uint8_t *ahead = a->next ? a->next : a->codes + most * blockSize;
  const uint8_t *end =
      (a->next ? a->next : a->codes + a->panels * blocks * blockSize) + a->nextSize;
  for (size_t panel = 0; panel < a->panels; panel++)
    for (size_t first = 0; first < blocks; first += most) {
      const size_t count = blocks - first < most ? blocks - first : most;
      const size_t firstOfAll = panel * blocks + first;
      q8_part part;
      part.codes = a->codes + firstOfAll * blockSize;
      part.first = first;
      part.count = count;
      part.bias = first + count == blocks ? a->bias + panel * TK_PANEL_ROWS : NULL;
      part.out = a->out + panel * TK_PANEL_ROWS;
      part.aheadLines = (blockSize / CACHE_LINE / 4 + tiles - 1) / tiles;
      part.ahead = ahead + firstOfAll * blockSize;
      part.aheadEnd = part.ahead + count * blockSize < end ? part.ahead + count * blockSize : end;
      q8_scales(a, a->scaleCodes + firstOfAll * TK_PANEL_ROWS, &part);
      for (size_t row = 0; row < TK_PANEL_ROWS; row += Q8_VECTORS * LANES)
        for (size_t t = 0; t < a->tokens; t += tileTokens) {
          const size_t tokens = a->tokens - t < tileTokens ? a->tokens - t : tileTokens;
#define TILE(count) q8_tile(a, &part, t, row, count, 1)
#define WIDE_TILE(count) q8_tile(a, &part, t, row, count, 2)
          if (a->xLow) FOR_TOKENS(tokens, Q8_TOKENS / 2, WIDE_TILE)
          else FOR_TOKENS(tokens, Q8_TOKENS, TILE)
#undef TILE
#undef WIDE_TILE
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
