// exp and GELU of Formats/numerics.md, on sixteen lanes. Tools/fit-polynomials.py made the numbers.

INLINE f32x16 exp16(f32x16 x) {
  // Adding 1.5 * 2^23 leaves no bits below the units: the sum is rounded to an integer.
  const float integers = 0x1.8p23f;
  f32x16 shifted = fma16(x, splat(0x1.715476p+0f), splat(integers));
  f32x16 n = shifted - integers;
  f32x16 r = fma16(n, splat(-0x1.62e4p-1f), x);
  r = fma16(n, splat(-0x1.7f7d1cp-20f), r);
  f32x16 p = splat(0x1.6a5188p-10f);
  p = fma16(p, r, splat(0x1.12398p-7f));
  p = fma16(p, r, splat(0x1.5558acp-5f));
  p = fma16(p, r, splat(0x1.555492p-3f));
  p = fma16(p, r, splat(0x1.fffffcp-2f));
  p = fma16(p, r, splat(1));
  p = fma16(p, r, splat(1));
  // n sits in the low bits of `shifted`; the others leave on the left.
  f32x16 y = (f32x16)((u32x16)p + ((u32x16)shifted << 23));
  return x < -87 ? splat(0) : y;
}

// x * P(X <= x) for a standard normal X = max(x, 0) - |x| * P(X > |x|)
INLINE f32x16 gelu16(f32x16 x) {
  // Beyond 8.5 the tail is below every fp32 result that it could change.
  f32x16 a = min16(abs16(x), splat(8.5f));
  // The eighth root of the tail is so smooth that degree 8 reaches it everywhere.
  f32x16 p = splat(-0x1.36eb62p-22f);
  p = fma16(p, a, splat(0x1.ef7354p-18f));
  p = fma16(p, a, splat(-0x1.f4706cp-15f));
  p = fma16(p, a, splat(0x1.0f525ep-15f));
  p = fma16(p, a, splat(0x1.8b4bcep-10f));
  p = fma16(p, a, splat(-0x1.623c8p-11f));
  p = fma16(p, a, splat(-0x1.0589cp-5f));
  p = fma16(p, a, splat(-0x1.769c98p-4f));
  p = fma16(p, a, splat(0x1.d5818ep-1f));
  p = p * p;
  p = p * p;
  p = p * p;
  return fma16(-a, p, max16(x, splat(0)));
}

static void gelu(float *x, size_t count) {
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) store16(x + i, gelu16(load16(x + i)));
  if (i < count) store_part(x + i, gelu16(load_part(x + i, count - i)), count - i);
}

INLINE float max_lane(f32x16 v) {
  float max = v[0];
  UNROLL for (int i = 1; i < LANES; i++) max = v[i] > max ? v[i] : max;
  return max + 0.0f;  // of two zeros either may have won: +0 is the answer
}

static void sum_exp(const float *x, size_t count, float *max, float *sum) {
  assert(count > 0);
  f32x16 largest = splat(x[0]);
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) largest = max16(load16(x + i), largest);
  *max = max_lane(largest);
  for (; i < count; i++) *max = x[i] > *max ? x[i] : *max;
  *max += 0.0f;

  f32x16 sums = splat(0);
  for (i = 0; i + LANES <= count; i += LANES) sums += exp16(load16(x + i) - *max);
  if (i < count) {
    float rest[LANES];
    for (size_t j = 0; j < LANES; j++) rest[j] = j < count - i ? x[i + j] - *max : -FLT_MAX;
    sums += exp16(load16(rest));  // exp(-FLT_MAX) is 0, and adding it changes nothing
  }
  *sum = tree_sum(sums);
}
