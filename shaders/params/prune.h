#ifndef TRITIUM_PARAMS_PRUNE_H
#define TRITIUM_PARAMS_PRUNE_H

#include "parameter_plane.h"

TRITIUM_PARAMS_BEGIN

struct PruneParams {
  uint n_rows;
  uint cols;
  ParameterPlane plane;  // the row stride is y's, too
  uint n_pruned;         // of a row, below cols
};
TRITIUM_CHECK_SIZE(PruneParams, 24)

TRITIUM_PARAMS_END

#endif
