// lookup8 for the ISAs with registers of 256 bits.

INLINE f32x16 lookup8(const float *table, i32x16 index) {
  __m256i half[2];
  memcpy(half, &index, sizeof half);
  __m256 steps = _mm256_loadu_ps(table), v[2];
  for (int i = 0; i < 2; i++) v[i] = _mm256_permutevar8x32_ps(steps, half[i]);
  f32x16 result;
  memcpy(&result, v, sizeof result);
  return result;
}
