// Work on rows of activations: quantisation and LayerNorm.

INLINE void store_codes(int8_t *codes, i32x16 values) {
  i8x16 bytes = __builtin_convertvector(values, i8x16);
  memcpy(codes, &bytes, sizeof bytes);
}

// Codes, scale and offset of one block: x[64] times the factors, if there are any. int16 if there
// is a place for the low parts of the codes.
INLINE void quantize_block(const float *x, const float *factors, int8_t *codes, int8_t *low,
                           float *scale, int32_t *offset) {
  const float largestCode = low ? 255 * 127 + 127 : 127;
  f32x16 v[4];
  i32x16 largest = {0};
  UNROLL for (int i = 0; i < 4; i++) {
    v[i] = load16(x + i * LANES);
    if (factors) v[i] *= load16(factors + i * LANES);
    // Sizes of floats are ordered like the integers that their bits make.
    i32x16 size = bits_of(abs16(v[i]));
    largest = size > largest ? size : largest;
  }
  int32_t maxBits = __builtin_reduce_max(largest);
  float max;
  memcpy(&max, &maxBits, sizeof max);
  bool isZero = max < 0x1p-100f;
  float inverse = isZero ? 0 : largestCode / max;
  *scale = isZero ? 0 : max / largestCode;
  // Added to 1.5 * 2^23, a number is rounded to an integer, which the low bits then hold.
  const i32x16 base = bits_of(splat(0x1.8p23f));
  i32x16 sum = {0};
  UNROLL for (int i = 0; i < 4; i++) {
    i32x16 code = bits_of(v[i] * inverse + 0x1.8p23f) - base;
    sum += code;
    i32x16 high = code;
    if (low) {
      high = bits_of(__builtin_convertvector(code, f32x16) * (1.0f / 255) + 0x1.8p23f) - base;
      store_codes(low + i * LANES, code - 255 * high);
    }
    store_codes(codes + i * LANES, high);
  }
  *offset = -128 * __builtin_reduce_add(sum);
}

static void quantize(const tk_quantize *a) {
  assert(a->k % TK_BLOCK == 0 && a->n <= a->k && a->k - a->n < TK_BLOCK);
  assert(a->codesStride % TK_BLOCK == 0 && (a->rows <= 1 || a->codesStride >= a->k));
  const size_t blocks = a->codesStride / TK_BLOCK;
  const size_t whole = a->n / TK_BLOCK, rest = a->n % TK_BLOCK;
  float restFactors[TK_BLOCK] = {0};
  if (a->columnFactors && rest > 0)
    memcpy(restFactors, a->columnFactors + whole * TK_BLOCK, rest * sizeof(float));
  for (size_t row = 0; row < a->rows; row++) {
    const float *x = a->x + row * a->xStride;
    int8_t *codes = a->codes + row * a->codesStride;
    int8_t *low = a->low ? a->low + row * a->codesStride : NULL;
    float *scales = a->scales + row * blocks;
    int32_t *offsets = a->offsets + row * blocks;
    for (size_t b = 0; b < whole; b++)
      quantize_block(x + b * TK_BLOCK, a->columnFactors ? a->columnFactors + b * TK_BLOCK : NULL,
                     codes + b * TK_BLOCK, low ? low + b * TK_BLOCK : NULL, scales + b,
                     offsets + b);
    if (rest > 0) {
      float padded[TK_BLOCK] = {0};
      memcpy(padded, x + whole * TK_BLOCK, rest * sizeof(float));
      quantize_block(padded, a->columnFactors ? restFactors : NULL, codes + whole * TK_BLOCK,
                     low ? low + whole * TK_BLOCK : NULL, scales + whole, offsets + whole);
    }
  }
}

static void layer_norm_row(const float *x, const float *residual, const float *weight,
                           const float *bias, float *out, size_t n, float epsilon) {
  const size_t whole = n / LANES * LANES, rest = n - whole;
  i32x16 lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  i32x16 isRest = lane < (int32_t)rest;

  f32x16 sums = splat(0), restX = splat(0);
  for (size_t i = 0; i < whole; i += LANES) {
    f32x16 s = load16(x + i);
    if (residual) s += load16(residual + i);
    store16(out + i, s);
    sums += s;
  }
  if (rest > 0) {
    restX = load_part(x + whole, rest);
    if (residual) restX += load_part(residual + whole, rest);
    sums += restX;  // the lanes beyond n add 0
  }
  float mean = tree_sum(sums) / (float)n;

  f32x16 squares = splat(0);
  for (size_t i = 0; i < whole; i += LANES) {
    f32x16 d = load16(out + i) - mean;
    squares = fma16(d, d, squares);
  }
  restX = isRest ? restX - mean : splat(0);
  squares = fma16(restX, restX, squares);
  float variance = tree_sum(squares) / (float)n;
  float r = 1 / __builtin_elementwise_sqrt(variance + epsilon);

  for (size_t i = 0; i < whole; i += LANES)
    store16(out + i, fma16((load16(out + i) - mean) * r, load16(weight + i), load16(bias + i)));
  if (rest > 0)
    store_part(out + whole,
               fma16(restX * r, load_part(weight + whole, rest), load_part(bias + whole, rest)),
               rest);
}

static void layer_norm(const tk_layer_norm *a) {
  assert(a->n > 0);
  for (size_t row = 0; row < a->rows; row++)
    layer_norm_row(a->x + row * a->xStride,
                   a->residual ? a->residual + row * a->residualStride : NULL, a->weight, a->bias,
                   a->out + row * a->outStride, a->n, a->epsilon);
}
