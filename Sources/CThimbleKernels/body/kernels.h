// Everything that an ISA file compiles for its instructions, in the order of need.
#include "math.h"
#include "tile.h"
#include "matmul.h"
#include "rows.h"
#include "weights.h"
#include "attention.h"

#define TK_ISA_ENTRY(isa)                                                              \
  const tk_isa tk_isa_##isa = {                                                        \
      #isa,          supported,  matmul_q8, matmul_f32, quantize, dequantize_q8,       \
      layer_norm,    attention,  gelu,      sum_exp,    pack_f32, encode_q8,           \
      join_planes,   split_planes,                                                     \
  };
