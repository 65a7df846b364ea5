// Runs every operation on every runnable ISA and prints a digest of its results. All ISAs, on
// machines of any kind, must print the same; exits with 1 if those of this machine do not.
#include "inputs.h"

static uint64_t digest;

// FNV-1a
static void add(const void *bytes, size_t count) {
  for (size_t i = 0; i < count; i++)
    digest = (digest ^ ((const uint8_t *)bytes)[i]) * 0x100000001B3u;
}

static void weights(const tk_isa *isa) {
  enum { n = 200, k = 256, panel = k * TK_PANEL_ROWS };
  float *w = normals(n * TK_PANEL_ROWS, 0.04), *factors = normals(n, 1), steps[8];
  make_steps(0.0005f, steps);
  for (int i = 0; i < n; i++) factors[i] = fabsf(factors[i]) + 0.25f;
  uint8_t *codes = zeros(panel, 1), *scaleCodes = zeros(panel / TK_BLOCK, 1);
  tk_encode_q8 encode = {.weights = w, .columnFactors = factors, .steps = steps, .codes = codes,
                         .scaleCodes = scaleCodes, .rows = 30, .n = n, .k = k};
  isa->encode_q8(&encode);
  add(codes, panel);
  add(scaleCodes, panel / TK_BLOCK);
  add(&encode.signal, sizeof encode.signal);
  add(&encode.noise, sizeof encode.noise);

  uint8_t *low = zeros(panel / 2, 1), *high = zeros(panel / 2, 1);
  isa->split_planes(codes, low, high, panel / 2);
  add(low, panel / 2);
  add(high, panel / 2);
  isa->join_planes(low, high, codes, panel / 2);
  add(codes, panel);

  float *packed = zeros(n * TK_PANEL_ROWS, sizeof *packed);
  uint16_t *halves = zeros(n * TK_PANEL_ROWS, sizeof *halves);
  for (int i = 0; i < n * TK_PANEL_ROWS; i++)  // finite fp16, subnormals among them
    halves[i] = (uint16_t)(uniform() * 0x7C00) | (uint16_t)(i % 2 << 15);
  for (tk_element element = TK_F32; element <= TK_BF16; element++) {
    isa->pack_f32(&(tk_pack_f32){.weights = element == TK_F32 ? (void *)w : halves, .out = packed,
                                 .rows = 29, .k = n, .stride = n, .element = element});
    add(packed, n * TK_PANEL_ROWS * sizeof *packed);
  }
}

static void matmul(const tk_isa *isa, bool isWide) {
  enum { n = 1100, k = 1152, blocks = k / TK_BLOCK, most = 135, stride = 40 };
  float *x = normals(most * n, 1), *bias = normals(TK_PANEL_ROWS, 1), steps[8];
  make_steps(0.003f, steps);
  int8_t *codes = zeros(most * k, 1), *low = isWide ? zeros(most * k, 1) : NULL;
  float *scales = zeros(most * blocks, sizeof *scales);
  int32_t *offsets = zeros(most * blocks, sizeof *offsets);
  isa->quantize(&(tk_quantize){.x = x, .codes = codes, .low = low, .scales = scales,
                               .offsets = offsets, .rows = most, .n = n, .k = k, .xStride = n,
                               .codesStride = k});
  add(codes, most * k);
  if (isWide) add(low, most * k);
  add(scales, most * blocks * sizeof *scales);
  add(offsets, most * blocks * sizeof *offsets);

  uint8_t *panel = zeros(k * TK_PANEL_ROWS, 1), *scaleCodes = zeros(blocks * TK_PANEL_ROWS, 1);
  for (int i = 0; i < k * TK_PANEL_ROWS; i++) panel[i] = (uint8_t)(uniform() * 256);
  for (int i = 0; i < blocks * TK_PANEL_ROWS; i++) scaleCodes[i] = (uint8_t)(uniform() * 40);
  for (size_t row = 0; row < TK_PANEL_ROWS; row++) {
    isa->dequantize_q8(&(tk_dequantize_q8){.codes = panel, .scaleCodes = scaleCodes,
                                           .steps = steps, .columnFactors = row % 2 ? x : NULL,
                                           .out = x + n, .row = row, .n = n});
    add(x + n, n * sizeof *x);
  }
  float *w = normals(k * TK_PANEL_ROWS, 1), *out = zeros(most * stride, sizeof *out);
  for (size_t tokens = 1; tokens <= most; tokens += tokens < 27 ? 1 : 54) {
    isa->matmul_q8(&(tk_matmul_q8){.codes = panel, .scaleCodes = scaleCodes, .steps = steps,
                                   .x = codes, .xLow = low, .xScales = scales,
                                   .xOffsets = offsets, .bias = bias, .out = out, .k = k,
                                   .tokens = tokens, .outStride = stride, .panels = 1});
    add(out, most * stride * sizeof *out);
    isa->matmul_f32(&(tk_matmul_f32){.weights = w, .x = x, .bias = bias, .out = out, .k = n,
                                     .tokens = tokens, .xStride = n, .outStride = stride});
    add(out, most * stride * sizeof *out);
  }
}

static void matmul_int8(const tk_isa *isa) { matmul(isa, false); }
static void matmul_int16(const tk_isa *isa) { matmul(isa, true); }

static void rows(const tk_isa *isa) {
  enum { count = 3003, most = 300 };
  float *x = normals(count, 3), *w = normals(most, 1), *out = zeros(most, sizeof *out);
  for (size_t n = 1; n <= most; n += 13) {
    isa->layer_norm(&(tk_layer_norm){.x = x, .residual = x + n, .weight = w, .bias = w + most - n,
                                     .out = out, .rows = 1, .n = n, .epsilon = 1e-12f});
    add(out, n * sizeof *out);
    float max, sum;
    isa->sum_exp(x, n, &max, &sum);
    add(&max, sizeof max);
    add(&sum, sizeof sum);
  }
  isa->gelu(x, count);
  add(x, count * sizeof *x);
}

static void attention(const tk_isa *isa) {
  enum { longest = 140, widest = 100, stride = 3 * widest };
  float *qkv = normals(longest * stride, 1.5), *out = zeros(longest * widest, sizeof *out);
  float *scratch = zeros(tk_attention_scratch(longest, widest), sizeof *scratch);
  for (size_t length = 1; length <= longest; length += 23)
    for (size_t headDim = 4; headDim <= widest; headDim += 19)
      for (int causal = 0; causal < 2; causal++) {
        isa->attention(&(tk_attention){.q = qkv, .k = qkv + widest, .v = qkv + 2 * widest,
                                       .out = out, .scratch = scratch, .length = length,
                                       .headDim = headDim, .stride = stride, .outStride = widest,
                                       .scale = 1 / sqrtf((float)headDim), .causal = causal});
        add(out, longest * widest * sizeof *out);
      }
}

int main(void) {
  static const struct {
    const char *name;
    void (*run)(const tk_isa *);
  } parts[] = {{"weights", weights}, {"int8", matmul_int8}, {"int16", matmul_int16},
               {"rows", rows},       {"attention", attention}};
  enum { partCount = sizeof parts / sizeof parts[0] };
  uint64_t first[partCount];
  bool isFirst = true, agree = true;
  const tk_isa *isa;
  for (size_t i = 0; (isa = tk_isa_at(i)) != NULL; i++) {
    if (!isa->supported()) continue;
    printf("%-12s", isa->name);
    for (size_t p = 0; p < partCount; p++) {
      seed = 1;
      digest = 0xCBF29CE484222325u;
      parts[p].run(isa);
      printf(" %s %016llx", parts[p].name, (unsigned long long)digest);
      if (isFirst) first[p] = digest;
      agree = agree && first[p] == digest;
    }
    printf("\n");
    isFirst = false;
  }
  return agree ? 0 : 1;
}
