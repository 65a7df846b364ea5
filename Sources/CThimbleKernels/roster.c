#include "thimble_kernels.h"

#define TK_ISA(name) extern const tk_isa tk_isa_##name __attribute__((weak));
#include "isa_roster.h"
#undef TK_ISA

#define TK_ISA(name) &tk_isa_##name,
static const tk_isa *const roster[] = {
#include "isa_roster.h"
};

const tk_isa *tk_isa_at(size_t i) {
  for (size_t r = 0; r < sizeof roster / sizeof roster[0]; r++)
    if (roster[r] != NULL && i-- == 0) return roster[r];
  return NULL;
}
