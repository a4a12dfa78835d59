#ifndef TRITIUM_PARAMS_EXPERT_GATE_UP_H
#define TRITIUM_PARAMS_EXPERT_GATE_UP_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct ExpertGateUpParams {
  uint n_experts;
  uint top_k;
  uint renormalize;
  uint biased;  // the choice
  float scale;
  uint padded_cols;   // of the codes and of the weights
  uint out_features;  // rows of each matrix
  uint gate_group;    // columns a scale covers
  uint gate_groups;   // scales a row has
  uint up_group;
  uint up_groups;
};
TRITIUM_CHECK_SIZE(ExpertGateUpParams, 44)

TRITIUM_PARAMS_END

#endif
