#ifndef TRITIUM_PARAMS_EXPERT_DOWN_H
#define TRITIUM_PARAMS_EXPERT_DOWN_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct ExpertDownParams {
  uint n_slots;       // experts of the token; 1 of a dense layer
  uint width;         // columns of gate and up
  uint padded_cols;   // of the codes and of the weight, padding included
  uint out_features;  // rows of each matrix
  uint group_size;    // columns a weight scale covers
  uint n_groups;      // scales a row has
  uint n_matrices;
  uint routed;
  uint gated;
  uint activation;  // as in gated_activation
  float clamp_at;   // 0: none
  uint with_norm;
  float eps;
};
TRITIUM_CHECK_SIZE(ExpertDownParams, 52)

TRITIUM_PARAMS_END

#endif
