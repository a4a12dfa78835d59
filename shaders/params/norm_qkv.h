#ifndef TRITIUM_PARAMS_NORM_QKV_H
#define TRITIUM_PARAMS_NORM_QKV_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct NormQkvParams {
  uint n_rows;
  uint dim;          // columns of x
  uint padded_cols;  // of the codes and of the weights, padding included
  float eps;
  uint with_branch;
  uint with_norm;
  // Of each of the three weights: rows (0: there is none), columns a scale covers, scales a row has.
  uint out_0;
  uint out_1;
  uint out_2;
  uint group_0;
  uint group_1;
  uint group_2;
  uint groups_0;
  uint groups_1;
  uint groups_2;
};
TRITIUM_CHECK_SIZE(NormQkvParams, 60)

TRITIUM_PARAMS_END

#endif
