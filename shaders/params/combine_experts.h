#ifndef TRITIUM_PARAMS_COMBINE_EXPERTS_H
#define TRITIUM_PARAMS_COMBINE_EXPERTS_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct CombineExpertsParams {
  uint n_tokens;
  uint top_k;
  uint dim;
};
TRITIUM_CHECK_SIZE(CombineExpertsParams, 12)

TRITIUM_PARAMS_END

#endif
