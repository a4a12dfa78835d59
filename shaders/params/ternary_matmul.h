#ifndef TRITIUM_PARAMS_TERNARY_MATMUL_H
#define TRITIUM_PARAMS_TERNARY_MATMUL_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct TernaryMatmulParams {
  uint n_rows;        // rows of y
  uint out_features;  // rows of each weight matrix
  uint padded_cols;   // columns of q and of the weight, padding included
  uint group_size;    // columns a weight scale covers (padded_cols: one a row)
  uint n_groups;      // weight scales a row has
  uint block;         // columns an activation scale covers
  uint n_blocks;      // activation scales a row has
  uint rows_per_x;    // rows of y that read one row of q: k when a token's experts share it, else 1
  uint n_matrices;    // expert ids outside 0 … n_matrices - 1 give zeros
  uint routed;        // 1: expert_ids chooses the matrix; 0: matrix 0
  // The window of weight rows that is bound, counted over all matrices; outputs of other rows are left to another
  // dispatch.
  uint first_weight_row;
  uint n_weight_rows;
};
TRITIUM_CHECK_SIZE(TernaryMatmulParams, 48)

TRITIUM_PARAMS_END

#endif
