#ifndef TRITIUM_PARAMS_NORM_ROUTER_H
#define TRITIUM_PARAMS_NORM_ROUTER_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct NormRouterParams {
  uint n_rows;
  uint dim;
  uint padded_cols;  // of the codes
  uint n_experts;
  uint row_stride;  // elements, of the router
  uint dtype;       // of the router: TRITIUM_DTYPE_F32, F16 or BF16
  float eps;
  uint with_branch;
};
TRITIUM_CHECK_SIZE(NormRouterParams, 32)

TRITIUM_PARAMS_END

#endif
