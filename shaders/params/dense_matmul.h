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
  uint first_out;  // the window of weight rows that is bound: first_out … first_out + n_out - 1
  uint n_out;
};
TRITIUM_CHECK_SIZE(DenseMatmulParams, 40)

TRITIUM_PARAMS_END

#endif
