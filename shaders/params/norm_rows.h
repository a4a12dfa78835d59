#ifndef TRITIUM_PARAMS_NORM_ROWS_H
#define TRITIUM_PARAMS_NORM_ROWS_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct NormRowsParams {
  uint n_rows;
  uint dim;
  uint padded_cols;
  float eps;
  uint with_branch;
  uint with_floats;  // y is wanted
  uint with_codes;   // q and scales are
};
TRITIUM_CHECK_SIZE(NormRowsParams, 28)

TRITIUM_PARAMS_END

#endif
