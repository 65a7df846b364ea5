// Reproducible inputs for the programs of this folder.
#pragma once

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "thimble_kernels.h"

static uint64_t seed = 1;

// Uniform in [0, 1): the high bits of Knuth's linear congruential generator.
static inline double uniform(void) {
  seed = seed * 6364136223846793005u + 1442695040888963407u;
  return (double)(seed >> 11) * 0x1p-53;
}

// Memory of `count` elements of `size` bytes, zero, for the life of the program.
static inline void *zeros(size_t count, size_t size) {
  const size_t bytes = tk_round_up(count * size + 1, 64);
  void *memory = aligned_alloc(64, bytes);
  if (memory == NULL) {
    fprintf(stderr, "No memory for %zu bytes.\n", bytes);
    exit(1);
  }
  return memset(memory, 0, bytes);
}

// About normally distributed numbers.
static inline float *normals(size_t count, double scale) {
  float *x = zeros(count, sizeof *x);
  for (size_t i = 0; i < count; i++) {
    double sum = -6;
    for (int j = 0; j < 12; j++) sum += uniform();
    x[i] = (float)(sum * scale);
  }
  return x;
}

static inline void make_steps(float step, float steps[8]) {
  for (int j = 0; j < 8; j++) steps[j] = step * (float)exp2(j / 8.0);
}
