#ifndef TRITIUM_PARAMS_TERNARY_MATMUL_BACKWARD_H
#define TRITIUM_PARAMS_TERNARY_MATMUL_BACKWARD_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct TernaryMatmulBackwardParams {
  uint n_rows;        // of dy
  uint out_features;  // rows of each weight matrix
  uint cols;
  uint padded_cols;
  uint group_size;  // columns a weight scale covers
  uint n_groups;    // weight scales in a row
  uint rows_per_x;
  uint n_matrices;
  uint routed;
  uint accumulate;  // into dx
};
TRITIUM_CHECK_SIZE(TernaryMatmulBackwardParams, 40)

TRITIUM_PARAMS_END

#endif
