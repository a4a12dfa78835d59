#ifndef TRITIUM_PARAMS_MERGE_SPLITS_H
#define TRITIUM_PARAMS_MERGE_SPLITS_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct MergeSplitsParams {
  uint n_heads;
  uint n_splits;
  uint value_dim;
};
TRITIUM_CHECK_SIZE(MergeSplitsParams, 12)

TRITIUM_PARAMS_END

#endif
