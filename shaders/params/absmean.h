#ifndef TRITIUM_PARAMS_ABSMEAN_H
#define TRITIUM_PARAMS_ABSMEAN_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct AbsmeanParams {
  uint n_sums;
  uint n_groups;  // equal consecutive parts of the sums
  uint first;     // alpha of group 0
  float factor;
  float momentum;
  uint round_to_f16;
};
TRITIUM_CHECK_SIZE(AbsmeanParams, 24)

TRITIUM_PARAMS_END

#endif
