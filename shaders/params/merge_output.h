#ifndef TRITIUM_PARAMS_MERGE_OUTPUT_H
#define TRITIUM_PARAMS_MERGE_OUTPUT_H

#include "merge_splits.h"
#include "types.h"

TRITIUM_PARAMS_BEGIN

struct MergeOutputParams {
  MergeSplitsParams splits;
  uint padded_cols;   // of the codes and of the weight, padding included
  uint out_features;  // rows of the weight
  uint group_size;    // columns a weight scale covers
  uint n_groups;      // scales a row has
  uint with_norm;
  float eps;
};
TRITIUM_CHECK_SIZE(MergeOutputParams, 36)

TRITIUM_PARAMS_END

#endif
