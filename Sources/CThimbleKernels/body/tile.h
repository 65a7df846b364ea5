// The one fp32 multiplication: a tile of tokens x columns in registers. An ISA file defines before:
//   TK_TILE_TOKENS   tokens of a full tile, at most 12
//   TK_TILE_VECTORS  columns of a full tile / 16: 1 or 2

enum { TILE_TOKENS = TK_TILE_TOKENS, TILE_VECTORS = TK_TILE_VECTORS };
_Static_assert(TILE_TOKENS <= TK_QUERIES && TILE_VECTORS <= 2, "run_tile lists the sizes");

typedef struct {
  const float *x;   // [tokens] rows of n, xStride apart
  const float *w;   // [n] rows of columns, wStride apart
  float *out;       // [tokens] rows of columns, outStride apart
  size_t n, xStride, wStride, outStride;
  bool adds;        // out += instead of out =
} tile_task;

// out[t, c] = (adds ? out[t, c] : 0) + the chain of fma over i < n of x[t, i] * w[i, c], from 0
INLINE void tile(const tile_task *a, int tokens, int vectors) {
  f32x16 sums[TILE_TOKENS][TILE_VECTORS];
  UNROLL for (int t = 0; t < tokens; t++)
    UNROLL for (int v = 0; v < vectors; v++) sums[t][v] = splat(0);
  const float *w = a->w;
  for (size_t i = 0; i < a->n; i++, w += a->wStride) {
    f32x16 wi[TILE_VECTORS];
    UNROLL for (int v = 0; v < vectors; v++) wi[v] = load16(w + v * LANES);
    UNROLL for (int t = 0; t < tokens; t++) {
      f32x16 xi = splat(a->x[t * a->xStride + i]);
      UNROLL for (int v = 0; v < vectors; v++) sums[t][v] = fma16(xi, wi[v], sums[t][v]);
    }
  }
  UNROLL for (int t = 0; t < tokens; t++)
    UNROLL for (int v = 0; v < vectors; v++) {
      float *out = a->out + t * a->outStride + v * LANES;
      store16(out, (a->adds ? load16(out) : splat(0)) + sums[t][v]);
    }
}

// Runs `body` with `tokens` made a constant, so that the tile it names lives in registers.
#define FOR_TOKENS(tokens, limit, body)                                                   \
  switch (tokens) {                                                                       \
    FOR_TOKENS_CASE(1, limit, body) FOR_TOKENS_CASE(2, limit, body)                       \
    FOR_TOKENS_CASE(3, limit, body) FOR_TOKENS_CASE(4, limit, body)                       \
    FOR_TOKENS_CASE(5, limit, body) FOR_TOKENS_CASE(6, limit, body)                       \
    FOR_TOKENS_CASE(7, limit, body) FOR_TOKENS_CASE(8, limit, body)                       \
    FOR_TOKENS_CASE(9, limit, body) FOR_TOKENS_CASE(10, limit, body)                      \
    FOR_TOKENS_CASE(11, limit, body) FOR_TOKENS_CASE(12, limit, body)                     \
    default: assert(false);                                                               \
  }
#define FOR_TOKENS_CASE(count, limit, body)                                               \
  case count:                                                                             \
    if (count <= limit) body(count <= limit ? count : limit);                             \
    break;

static void run_tile(const tile_task *a, size_t tokens, int vectors) {
#define ONE(count) tile(a, count, 1)
#define TWO(count) tile(a, count, TILE_VECTORS)
  if (vectors == 1) FOR_TOKENS(tokens, TILE_TOKENS, ONE)
  else FOR_TOKENS(tokens, TILE_TOKENS, TWO)
#undef ONE
#undef TWO
}

// The same for any number of tokens, and of columns that is a multiple of 16.
static void multiply(tile_task a, size_t tokens, size_t columns) {
  for (size_t c = 0; c < columns;) {
    int vectors = columns - c >= TILE_VECTORS * LANES ? TILE_VECTORS : 1;
    for (size_t t = 0; t < tokens; t += TILE_TOKENS) {
      tile_task part = a;
      part.x += t * a.xStride;
      part.w += c;
      part.out += t * a.outStride + c;
      run_tile(&part, tokens - t < TILE_TOKENS ? tokens - t : TILE_TOKENS, vectors);
    }
    c += vectors * LANES;
  }
}
