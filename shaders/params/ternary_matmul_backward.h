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
  // What a dispatch adds; the rest is left to others. Of the rows_per_x rows of y made from a row of x the one numbered
  // `slot`, and of the weight the rows that are bound, counted over all matrices.
  uint slot;
  uint first_weight_row;
  uint n_weight_rows;
};
TRITIUM_CHECK_SIZE(TernaryMatmulBackwardParams, 52)

TRITIUM_PARAMS_END

#endif
