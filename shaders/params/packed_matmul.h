#ifndef TRITIUM_PARAMS_PACKED_MATMUL_H
#define TRITIUM_PARAMS_PACKED_MATMUL_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct PackedMatmulParams {
  uint n_rows;        // rows of y
  uint out_features;  // rows of each weight matrix
  uint padded_cols;   // columns of q and of the weight: whole blocks of 256
  uint dtype;         // TRITIUM_DTYPE_* of the weight
  uint n_blocks;      // activation scales a row has: 1, or one for 256 columns
  uint rows_per_x;    // rows of y that read one row of x
  uint n_matrices;    // expert ids outside 0 … n_matrices - 1 give zeros
  uint routed;        // 1: expert_ids chooses the matrix; 0: matrix 0
  // The window of weight rows that is bound, counted over all matrices; outputs of other rows are left to another
  // dispatch.
  uint first_weight_row;
  uint n_weight_rows;
};
TRITIUM_CHECK_SIZE(PackedMatmulParams, 40)

TRITIUM_PARAMS_END

#endif
