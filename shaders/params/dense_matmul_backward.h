#ifndef TRITIUM_PARAMS_DENSE_MATMUL_BACKWARD_H
#define TRITIUM_PARAMS_DENSE_MATMUL_BACKWARD_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct DenseMatmulBackwardParams {
  uint n_rows;        // of dy
  uint out_features;  // rows of each weight matrix
  uint cols;
  uint row_stride;  // elements
  uint dtype;       // TRITIUM_DTYPE_F32, F16 or BF16
  uint rows_per_x;
  uint n_matrices;
  uint routed;
  uint accumulate;  // into dx
  // What a dispatch adds; the rest is left to others. Of the rows_per_x rows of y made from a row of x the one numbered
  // `slot`, and of the weight the rows that are bound, counted over all matrices.
  uint slot;
  uint first_weight_row;
  uint n_weight_rows;
};
TRITIUM_CHECK_SIZE(DenseMatmulBackwardParams, 48)

TRITIUM_PARAMS_END

#endif
