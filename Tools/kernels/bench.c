// Rates of every operation on every runnable ISA: one thread, the fastest of several runs by the
// thread's own processor time. Arguments: names of ISAs; none means all but portable.
#include <time.h>

#include "inputs.h"

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

// Seconds of the fastest of `runs` runs of the statement.
#define FASTEST(runs, ...)                                      \
  ({                                                            \
    double best = INFINITY;                                     \
    for (int run = 0; run < (runs); run++) {                    \
      const double start = now();                               \
      __VA_ARGS__;                                              \
      best = fmin(best, now() - start);                         \
    }                                                           \
    best;                                                       \
  })

static const size_t dim = 1280, hidden = 5120;

// Giga multiply-adds a second, weights from the last level of the cache, then from the second.
static void matmul_q8(const tk_isa *isa) {
  enum { panels = 40, most = 512 };
  static const size_t counts[] = {1, 2, 4, 6, 8, 16, 32, 128, 512};
  float *bias = normals(TK_PANEL_ROWS, 1), *out = zeros(most * dim, sizeof *out), steps[8];
  make_steps(0.003f, steps);
  for (size_t k = dim; k <= hidden; k += hidden - dim) {
    const size_t codeCount = k * TK_PANEL_ROWS, scaleCount = codeCount / TK_BLOCK;
    uint8_t *codes = zeros(panels * codeCount, 1), *scaleCodes = zeros(panels * scaleCount, 1);
    int8_t *x = zeros(most * k, 1);
    float *xScales = normals(most * k / TK_BLOCK, 1);
    int32_t *xOffsets = zeros(most * k / TK_BLOCK, sizeof *xOffsets);
    memset(codes, 130, panels * codeCount);
    for (int isHot = 0; isHot < 2; isHot++) {
      printf("  matmul_q8 k=%zu, %s:", k, isHot ? "one panel" : "40 panels");
      for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        tk_matmul_q8 a = {.steps = steps, .x = x, .xScales = xScales, .xOffsets = xOffsets,
                          .bias = bias, .out = out, .k = k, .tokens = counts[i], .outStride = dim,
                          .panels = 1};
        const int runs = counts[i] > 32 ? 5 : 15;
        const double seconds = FASTEST(runs, for (size_t p = 0; p < panels; p++) {
          a.codes = codes + (isHot ? 0 : p * codeCount);
          a.scaleCodes = scaleCodes + (isHot ? 0 : p * scaleCount);
          isa->matmul_q8(&a);
        });
        printf(" %zu: %.0f", counts[i], 1e-9 * (double)(panels * codeCount * counts[i]) / seconds);
      }
      printf(" GMAC/s\n");
    }
    free(codes), free(scaleCodes), free(x);
  }
}

static void matmul_f32(const tk_isa *isa) {
  enum { panels = 8, most = 128 };
  static const size_t counts[] = {1, 4, 12, 128};
  float *w = normals(panels * dim * TK_PANEL_ROWS, 1), *x = normals(most * dim, 1);
  float *bias = normals(TK_PANEL_ROWS, 1), *out = zeros(most * TK_PANEL_ROWS, sizeof *out);
  printf("  matmul_f32 k=%zu:", dim);
  for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
    tk_matmul_f32 a = {.x = x, .bias = bias, .out = out, .k = dim, .tokens = counts[i],
                       .xStride = dim, .outStride = TK_PANEL_ROWS};
    const double seconds = FASTEST(5, for (size_t p = 0; p < panels; p++) {
      a.weights = w + p * dim * TK_PANEL_ROWS;
      isa->matmul_f32(&a);
    });
    const double products = (double)(panels * dim * TK_PANEL_ROWS * counts[i]);
    printf(" %zu: %.0f", counts[i], 1e-9 * products / seconds);
  }
  printf(" GMAC/s\n");
}

static void attention(const tk_isa *isa) {
  enum { longest = 512, heads = 16, headDim = 80 };
  const size_t stride = 3 * dim;
  float *qkv = normals(longest * stride, 1), *out = zeros(longest * dim, sizeof *out);
  float *scratch = zeros(tk_attention_scratch(longest, headDim), sizeof *scratch);
  printf("  attention, 16 heads of 80:");
  for (size_t length = 8; length <= longest; length *= 4) {
    const double seconds = FASTEST(7, for (size_t h = 0; h < heads; h++) {
      const float *q = qkv + h * headDim;
      isa->attention(&(tk_attention){.q = q, .k = q + dim, .v = q + 2 * dim,
                                     .out = out + h * headDim, .scratch = scratch,
                                     .length = length, .headDim = headDim, .stride = stride,
                                     .outStride = dim, .scale = 0.1118f});
    });
    printf(" %zu: %.3f ms (%.0f GMAC/s)", length, seconds * 1e3,
           2e-9 * (double)(heads * headDim * length * length) / seconds);
  }
  printf("\n");
}

static void rows(const tk_isa *isa) {
  enum { count = 128 };
  const double values = (double)(count * dim), wide = (double)(count * hidden);
  float *x = normals(count * hidden, 1), *w = normals(hidden, 1);
  float *out = zeros(count * dim, sizeof *out), max, sum;
  int8_t *codes = zeros(count * hidden, 1);
  float *scales = zeros(count * hidden / TK_BLOCK, sizeof *scales);
  int32_t *offsets = zeros(count * hidden / TK_BLOCK, sizeof *offsets);
  tk_layer_norm norm = {.x = x, .residual = x + count * dim, .weight = w, .bias = w, .out = out,
                        .rows = count, .n = dim, .xStride = dim, .residualStride = dim,
                        .outStride = dim, .epsilon = 1e-12f};
  tk_quantize quantize = {.x = x, .columnFactors = w, .codes = codes, .scales = scales,
                          .offsets = offsets, .rows = count, .n = hidden, .k = hidden,
                          .xStride = hidden, .codesStride = hidden};
  printf("  ns a value: layer_norm %.3f", 1e9 / values * FASTEST(9, isa->layer_norm(&norm)));
  printf(" quantize %.3f", 1e9 / wide * FASTEST(9, isa->quantize(&quantize)));
  printf(" sum_exp %.3f", 1e9 / wide * FASTEST(9, isa->sum_exp(x, count * hidden, &max, &sum)));
  printf(" gelu %.3f\n", 1e9 / wide * FASTEST(9, isa->gelu(x, count * hidden)));
}

static void weights(const tk_isa *isa) {
  enum { panels = 400 };
  static const char *const names[] = {"f32", "f16", "bf16"};
  const size_t panel = dim * TK_PANEL_ROWS;
  float *w = zeros(panels * panel, sizeof *w), steps[8];
  float *packed = zeros(panel, sizeof *packed);
  make_steps(0.0025f, steps);
  uint8_t *codes = zeros(panel, 1), *scaleCodes = zeros(panel / TK_BLOCK, 1);
  printf("  ns a weight:");
  for (tk_element element = TK_F32; element <= TK_BF16; element++) {
    const size_t size = element == TK_F32 ? 4 : 2;
    for (size_t i = 0; i < panels * panel; i++) {
      const float value = (float)(uniform() + uniform() - 1) * 0.1f;
      if (element == TK_F32) w[i] = value;
      else ((uint16_t *)w)[i] = (uint16_t)(uniform() * (element == TK_F16 ? 0x3000 : 0x3E00));
    }
    const double encode = FASTEST(3, for (size_t p = 0; p < panels; p++) {
      isa->encode_q8(&(tk_encode_q8){.weights = (uint8_t *)w + p * panel * size, .steps = steps,
                                     .codes = codes, .scaleCodes = scaleCodes,
                                     .rows = TK_PANEL_ROWS, .n = dim, .k = dim,
                                     .element = element});
    });
    const double pack = FASTEST(3, for (size_t p = 0; p < panels; p++) {
      isa->pack_f32(&(tk_pack_f32){.weights = (uint8_t *)w + p * panel * size, .out = packed,
                                   .rows = TK_PANEL_ROWS, .k = dim, .stride = dim,
                                   .element = element});
    });
    const double count = (double)(panels * panel);
    printf(" encode_q8 %s %.3f, pack_f32 %.3f;", names[element], 1e9 / count * encode,
           1e9 / count * pack);
  }
  uint8_t *low = zeros(panel, 1), *high = zeros(panel, 1);
  const double join = FASTEST(50, isa->join_planes(low, high, codes, panel / 2));
  const double split = FASTEST(50, isa->split_planes(codes, low, high, panel / 2));
  printf(" join_planes %.0f GB/s, split_planes %.0f GB/s\n", 1e-9 * (double)panel / join,
         1e-9 * (double)panel / split);
  free(w);
}

int main(int argc, char **argv) {
  const tk_isa *isa;
  for (size_t i = 0; (isa = tk_isa_at(i)) != NULL; i++) {
    bool isChosen = argc < 2 && strcmp(isa->name, "portable") != 0;
    for (int a = 1; a < argc; a++) isChosen = isChosen || strcmp(isa->name, argv[a]) == 0;
    if (!isChosen || !isa->supported()) continue;
    printf("%s\n", isa->name);
    matmul_q8(isa);
    matmul_f32(isa);
    attention(isa);
    rows(isa);
    weights(isa);
  }
}
