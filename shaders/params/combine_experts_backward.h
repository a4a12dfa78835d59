#ifndef TRITIUM_PARAMS_COMBINE_EXPERTS_BACKWARD_H
#define TRITIUM_PARAMS_COMBINE_EXPERTS_BACKWARD_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct CombineExpertsBackwardParams {
  uint n_tokens;
  uint top_k;
  uint dim;
};
TRITIUM_CHECK_SIZE(CombineExpertsBackwardParams, 12)

TRITIUM_PARAMS_END

#endif
