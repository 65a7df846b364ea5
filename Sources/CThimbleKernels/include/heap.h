// Settings of the C library's heap that Swift's view of the library lacks.
#pragma once

#include <stdlib.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

static inline void tk_keep_heap_small(void) {
#if defined(__GLIBC__)
  mallopt(M_ARENA_MAX, 2);
  // Setting the threshold also stops glibc from raising it after the first large block.
  mallopt(M_MMAP_THRESHOLD, 128 << 10);
  mallopt(M_TRIM_THRESHOLD, 256 << 10);
#endif
}
