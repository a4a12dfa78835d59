#ifndef TRITIUM_PARAMS_TERNARY_MATMUL_F32_H
#define TRITIUM_PARAMS_TERNARY_MATMUL_F32_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct TernaryMatmulF32Params {
  uint n_rows;
  uint out_features;
  uint cols;         // columns of x
  uint padded_cols;  // columns of the weight
  uint group_size;
  uint n_groups;
  uint rows_per_x;
  uint n_matrices;
  uint routed;
  uint first_row;
};
TRITIUM_CHECK_SIZE(TernaryMatmulF32Params, 40)

TRITIUM_PARAMS_END

#endif
