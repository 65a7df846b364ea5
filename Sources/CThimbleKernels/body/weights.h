// From the weights of a checkpoint to panels.

INLINE size_t element_size(tk_element element) { return element == TK_F32 ? 4 : 2; }

// 16 weights as fp32, exactly.
INLINE f32x16 load_weights(const uint8_t *p, tk_element element) {
  if (element == TK_F32) {
    f32x16 v;
    memcpy(&v, p, sizeof v);
    return v;
  }
  u16x16 halves;
  memcpy(&halves, p, sizeof halves);
  u32x16 wide = __builtin_convertvector(halves, u32x16);
  if (element == TK_BF16) return (f32x16)(wide << 16);
#if TK_NATIVE_F16
  typedef _Float16 f16x16 __attribute__((ext_vector_type(16)));
  return __builtin_convertvector((f16x16)halves, f32x16);
#else
  // The exponents of fp16 are 112 smaller; a multiplication also normalises its subnormals.
  u32x16 size = wide & 0x7FFF;
  u32x16 finite = (u32x16)((f32x16)(size << 13) * 0x1p112f);
  u32x16 isSpecial = (u32x16)(size >= 0x7C00);
  u32x16 special = (size << 13) | 0x7F800000;
  return (f32x16)((isSpecial & special) | (~isSpecial & finite) | ((wide & 0x8000) << 16));
#endif
}

// The first `count` (at most 16) of them; the other lanes are 0.
INLINE f32x16 load_weights_part(const uint8_t *p, size_t count, tk_element element) {
  uint8_t bytes[LANES * sizeof(float)] = {0};
  memcpy(bytes, p, count * element_size(element));
  return load_weights(bytes, element);
}

INLINE void pack_rows(const tk_pack_f32 *a, tk_element element) {
  const size_t size = element_size(element);
  for (size_t row = 0; row < TK_PANEL_ROWS; row += LANES)
    for (size_t i = 0; i < a->k; i += LANES) {
      const size_t columns = a->k - i < LANES ? a->k - i : LANES;
      f32x16 square[LANES];
      for (size_t r = 0; r < LANES; r++) {
        const uint8_t *p = (const uint8_t *)a->weights + ((row + r) * a->stride + i) * size;
        square[r] = row + r >= a->rows  ? splat(0)
                    : columns == LANES ? load_weights(p, element)
                                       : load_weights_part(p, columns, element);
      }
      transpose16(square);
      for (size_t c = 0; c < columns; c++)
        store16(a->out + (i + c) * TK_PANEL_ROWS + row, square[c]);
    }
}

static void pack_f32(const tk_pack_f32 *a) {
  assert(a->rows <= TK_PANEL_ROWS && (a->rows <= 1 || a->stride >= a->k));
  switch (a->element) {
    case TK_F32: pack_rows(a, TK_F32); break;
    case TK_F16: pack_rows(a, TK_F16); break;
    case TK_BF16: pack_rows(a, TK_BF16); break;
  }
}

// steps[e & 7] * 2^(e >> 3)
INLINE float scale_of(const float *steps, int32_t e) {
  int32_t bits;
  memcpy(&bits, &steps[e & 7], sizeof bits);
  bits += (e >> 3) << 23;
  float scale;
  memcpy(&scale, &bits, sizeof scale);
  return scale;
}

static void dequantize_q8(const tk_dequantize_q8 *a) {
  assert(a->row < TK_PANEL_ROWS);
  for (size_t column = 0; column < a->n; column += TK_BLOCK) {
    uint8_t codes[TK_BLOCK];
    for (size_t i = 0; i < TK_BLOCK; i += 4)
      memcpy(codes + i, a->codes + (column + i) * TK_PANEL_ROWS + a->row * 4, 4);
    const float scale =
        scale_of(a->steps, a->scaleCodes[column / TK_BLOCK * TK_PANEL_ROWS + a->row]);
    for (size_t i = 0; i < TK_BLOCK && column + i < a->n; i += LANES) {
      u8x16 bytes;
      memcpy(&bytes, codes + i, sizeof bytes);
      i32x16 signs = __builtin_convertvector(bytes, i32x16) - 128;
      f32x16 values = __builtin_convertvector(signs, f32x16) * scale;
      const float *factors = a->columnFactors ? a->columnFactors + column + i : NULL;
      const size_t count = a->n - column - i;
      if (count >= LANES) {
        store16(a->out + column + i, factors ? values * load16(factors) : values);
      } else {
        store_part(a->out + column + i, factors ? values * load_part(factors, count) : values,
                   count);
      }
    }
  }
}

// The smallest e that brings `max` to 127 or less; 256 if none does, or `max` is not a number.
INLINE int32_t scale_code(float max, const float *steps) {
  if (max / steps[0] <= 127) return 0;  // nearly every block
  if (!(max / scale_of(steps, 255) <= 127)) return 256;
  int32_t tooSmall = 0, enough = 255;
  while (enough - tooSmall > 1) {
    int32_t e = (tooSmall + enough) / 2;
    if (max / scale_of(steps, e) <= 127) enough = e;
    else tooSmall = e;
  }
  return enough;
}

// Codes (+ 128) of one block of one row, given its 64 weights.
INLINE int32_t encode_block(const f32x16 w[4], const float *steps, uint8_t *codes, float *signal,
                            float *noise) {
  i32x16 largest = {0};
  UNROLL for (int i = 0; i < 4; i++) {
    i32x16 size = bits_of(abs16(w[i]));
    largest = size > largest ? size : largest;
  }
  int32_t maxBits = __builtin_reduce_max(largest);
  float max;
  memcpy(&max, &maxBits, sizeof max);
  int32_t e = scale_code(max, steps);
  if (e > 255) return e;
  const f32x16 scale = splat(scale_of(steps, e));
  f32x16 signals = splat(0), noises = splat(0);
  UNROLL for (int i = 0; i < 4; i++) {
    f32x16 shifted = w[i] / scale + 0x1.8p23f;
    f32x16 error = fma16(-scale, shifted - 0x1.8p23f, w[i]);
    signals = fma16(w[i], w[i], signals);
    noises = fma16(error, error, noises);
    u8x16 bytes = __builtin_convertvector((u32x16)shifted, u8x16) ^ 0x80;
    memcpy(codes + i * LANES, &bytes, sizeof bytes);
  }
  *signal = tree_sum(signals);
  *noise = tree_sum(noises);
  return e;
}

// 32 rows of 64 codes to [16][32][4]
INLINE void interleave_codes(const uint8_t codes[TK_PANEL_ROWS][TK_BLOCK], uint8_t *out) {
  for (size_t row = 0; row < TK_PANEL_ROWS; row += LANES) {
    f32x16 square[LANES];  // of four codes each
    for (size_t r = 0; r < LANES; r++) memcpy(&square[r], codes[row + r], TK_BLOCK);
    transpose16(square);
    for (size_t i = 0; i < LANES; i++)
      memcpy(out + (i * TK_PANEL_ROWS + row) * 4, &square[i], sizeof square[i]);
  }
}

// The block of `row` that begins at `column`, multiplied by its factors. Beyond n it is zero.
INLINE void load_block(const tk_encode_q8 *a, tk_element element, size_t row, size_t column,
                       f32x16 w[4]) {
  const uint8_t *p = (const uint8_t *)a->weights + (row * a->n + column) * element_size(element);
  UNROLL for (size_t i = 0; i < 4; i++, column += LANES, p += LANES * element_size(element)) {
    if (column + LANES <= a->n) {
      w[i] = load_weights(p, element);
      if (a->columnFactors) w[i] *= load16(a->columnFactors + column);
    } else if (column < a->n) {
      w[i] = load_weights_part(p, a->n - column, element);
      if (a->columnFactors) w[i] *= load_part(a->columnFactors + column, a->n - column);
    } else {
      w[i] = splat(0);
    }
  }
}

// Index of the first weight of the panel that no scale code can hold; there is one.
static ptrdiff_t find_not_finite(const tk_encode_q8 *a) {
  const float limit = scale_of(a->steps, 255);
  for (size_t row = 0; row < a->rows; row++)
    for (size_t column = 0; column < a->n; column += TK_BLOCK) {
      f32x16 w[4];
      load_block(a, a->element, row, column, w);
      for (size_t i = 0; i < TK_BLOCK; i++) {
        float x = w[i / LANES][i % LANES];
        if (!(x / limit <= 127 && x / limit >= -127))
          return (ptrdiff_t)(row * a->n + column + i);
      }
    }
  assert(false);
  return -1;
}

INLINE bool encode_panel(tk_encode_q8 *a, tk_element element) {
  for (size_t b = 0; b < a->k / TK_BLOCK; b++) {
    uint8_t codes[TK_PANEL_ROWS][TK_BLOCK];
    for (size_t row = 0; row < TK_PANEL_ROWS; row++) {
      uint8_t *scaleCode = a->scaleCodes + b * TK_PANEL_ROWS + row;
      if (row >= a->rows) {
        memset(codes[row], 128, TK_BLOCK);
        *scaleCode = 0;
        continue;
      }
      f32x16 w[4];
      load_block(a, element, row, b * TK_BLOCK, w);
      float signal, noise;
      int32_t e = encode_block(w, a->steps, codes[row], &signal, &noise);
      if (e > 255) return false;
      *scaleCode = (uint8_t)e;
      a->signal += signal;
      a->noise += noise;
    }
    interleave_codes(codes, a->codes + b * TK_BLOCK * TK_PANEL_ROWS);
  }
  return true;
}

static void encode_q8(tk_encode_q8 *a) {
  assert(a->rows <= TK_PANEL_ROWS);
  assert(a->k % TK_BLOCK == 0 && a->n <= a->k && a->k - a->n < TK_BLOCK);
  a->signal = a->noise = 0;
  bool isFinite = true;
  switch (a->element) {
    case TK_F32: isFinite = encode_panel(a, TK_F32); break;
    case TK_F16: isFinite = encode_panel(a, TK_F16); break;
    case TK_BF16: isFinite = encode_panel(a, TK_BF16); break;
  }
  a->notFinite = isFinite ? -1 : find_not_finite(a);
}

static void join_planes(const uint8_t *restrict low, const uint8_t *restrict high,
                        uint8_t *restrict out, size_t half) {
  for (size_t i = 0; i < half; i++) {
    out[i] = (low[i] & 0x0F) | (uint8_t)(high[i] << 4);
    out[half + i] = (low[i] >> 4) | (high[i] & 0xF0);
  }
}

static void split_planes(const uint8_t *restrict codes, uint8_t *restrict low,
                         uint8_t *restrict high, size_t half) {
  for (size_t i = 0; i < half; i++) {
    low[i] = (codes[i] & 0x0F) | (uint8_t)(codes[half + i] << 4);
    high[i] = (codes[i] >> 4) | (codes[half + i] & 0xF0);
  }
}
