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
  // The window of weight rows that is bound, counted over all matrices; outputs of other rows are left to another
  // dispatch.
  uint first_weight_row;
  uint n_weight_rows;
};
TRITIUM_CHECK_SIZE(TernaryMatmulF32Params, 44)

TRITIUM_PARAMS_END

#endif
