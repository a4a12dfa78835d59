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
};
TRITIUM_CHECK_SIZE(DenseMatmulBackwardParams, 36)

TRITIUM_PARAMS_END

#endif
