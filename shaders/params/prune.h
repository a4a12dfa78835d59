#ifndef TRITIUM_PARAMS_PRUNE_H
#define TRITIUM_PARAMS_PRUNE_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct PruneParams {
  uint n_rows;
  uint cols;
  uint row_stride;  // elements, of parameter and y
  uint dtype;       // of the parameter: TRITIUM_DTYPE_F32 or BF16
  uint n_pruned;    // of a row, below cols
};
TRITIUM_CHECK_SIZE(PruneParams, 20)

TRITIUM_PARAMS_END

#endif
