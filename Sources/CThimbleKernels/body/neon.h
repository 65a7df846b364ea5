// What the ISAs of 64-bit ARM share.

typedef struct {
  int8x16_t quarter[4];
} q8_weights;

INLINE q8_weights q8_load(const uint8_t *codes) {
  q8_weights w;
  for (int i = 0; i < 4; i++)
    w.quarter[i] = vreinterpretq_s8_u8(veorq_u8(vld1q_u8(codes + 16 * i), vdupq_n_u8(128)));
  return w;
}

INLINE f32x16 lookup8(const float *table, i32x16 index) {
  f32x16 v;
  for (int i = 0; i < LANES; i++) v[i] = table[index[i]];
  return v;
}
