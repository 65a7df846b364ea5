// Attention of one head of one sequence, exact and in fp32: K and V are packed once into what a
// tile reads from front to back, then queries go through it in groups of TK_QUERIES.

// Panels of 32 keys: out[panel][d][32], keys beyond `length` zero.
static void pack_keys(const tk_attention *a, float *out) {
  for (size_t first = 0; first < a->length; first += TK_PANEL_ROWS) {
    const size_t keys = a->length - first < TK_PANEL_ROWS ? a->length - first : TK_PANEL_ROWS;
    pack_f32(&(tk_pack_f32){
        .weights = a->k + first * a->stride,
        .out = out + first * a->headDim,
        .rows = keys,
        .k = a->headDim,
        .stride = a->stride,
        .element = TK_F32,
    });
  }
}

// out[key][columns], columns beyond headDim zero.
static void pack_values(const tk_attention *a, float *out, size_t columns) {
  for (size_t j = 0; j < a->length; j++) {
    const float *v = a->v + j * a->stride;
    size_t c = 0;
    for (; c + LANES <= a->headDim; c += LANES) store16(out + j * columns + c, load16(v + c));
    if (c < columns) store16(out + j * columns + c, load_part(v + c, a->headDim - c));
  }
}

// Turns the scores of the first `visible` keys into exp(score - max), those up to `padded` into 0.
// Returns the sum.
INLINE float soften(float *scores, size_t visible, size_t padded) {
  for (size_t j = visible; j < padded; j++) scores[j] = -FLT_MAX;
  f32x16 largest = load16(scores);
  for (size_t j = LANES; j < padded; j += LANES) largest = max16(load16(scores + j), largest);
  float max = max_lane(largest);
  f32x16 sums = splat(0);
  for (size_t j = 0; j < padded; j += LANES) {
    f32x16 p = exp16(load16(scores + j) - max);
    store16(scores + j, p);
    sums += p;
  }
  return tree_sum(sums);
}

static void attention(const tk_attention *a) {
  assert(a->headDim > 0);
  const size_t columns = tk_round_up(a->headDim, LANES);
  const size_t keys = tk_round_up(a->length, TK_PANEL_ROWS);
  float *packedKeys = a->scratch;
  float *packedValues = packedKeys + keys * a->headDim;
  float *scores = packedValues + a->length * columns;
  float *queries = scores + TK_QUERIES * keys;
  float *context = queries + TK_QUERIES * a->headDim;
  pack_keys(a, packedKeys);
  pack_values(a, packedValues, columns);

  for (size_t first = 0; first < a->length; first += TK_QUERIES) {
    const size_t count = a->length - first < TK_QUERIES ? a->length - first : TK_QUERIES;
    // A key that none of these queries sees has weight 0 in all of them: it is left out.
    const size_t seen = a->causal ? first + count : a->length;
    const size_t padded = tk_round_up(seen, TK_PANEL_ROWS);
    for (size_t t = 0; t < count; t++)
      for (size_t d = 0; d < a->headDim; d++)
        queries[t * a->headDim + d] = a->q[(first + t) * a->stride + d] * a->scale;
    for (size_t panel = 0; panel < padded; panel += TK_PANEL_ROWS)
      multiply((tile_task){.x = queries, .w = packedKeys + panel * a->headDim,
                           .out = scores + panel, .n = a->headDim, .xStride = a->headDim,
                           .wStride = TK_PANEL_ROWS, .outStride = keys},
               count, TK_PANEL_ROWS);
    float inverse[TK_QUERIES];
    for (size_t t = 0; t < count; t++)
      inverse[t] = 1 / soften(scores + t * keys, a->causal ? first + t + 1 : seen, padded);
    multiply((tile_task){.x = scores, .w = packedValues, .out = context, .n = seen,
                         .xStride = keys, .wStride = columns, .outStride = columns},
             count, columns);
    for (size_t t = 0; t < count; t++)
      for (size_t c = 0; c < a->headDim; c++)
        // Adding 0 makes every zero +0, whatever the weights of 0 in the chain did to its sign.
        a->out[(first + t) * a->outStride + c] = context[t * columns + c] * inverse[t] + 0.0f;
  }
}
