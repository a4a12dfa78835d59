#ifndef TRITIUM_PARAMS_DENSE_MATMUL_H
#define TRITIUM_PARAMS_DENSE_MATMUL_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct DenseMatmulParams {
  uint n_rows;
  uint out_features;  // rows of each weight matrix
  uint cols;
  uint row_stride;  // elements
  uint dtype;       // TRITIUM_DTYPE_F32, F16 or BF16
  uint rows_per_x;
  uint n_matrices;
  uint routed;
  // The window of weight rows that is bound, counted over all matrices; outputs of other rows are left to another
  // dispatch.
  uint first_weight_row;
  uint n_weight_rows;
};
TRITIUM_CHECK_SIZE(DenseMatmulParams, 40)

TRITIUM_PARAMS_END

#endif
