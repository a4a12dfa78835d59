#ifndef TRITIUM_PARAMS_SGD_UPDATE_H
#define TRITIUM_PARAMS_SGD_UPDATE_H

#include "shadow.h"

TRITIUM_PARAMS_BEGIN

struct SgdUpdateParams {
  ShadowParams shadow;
  float learning_rate;
  float momentum;  // 0: none is kept
  float weight_decay;
  float gradient_scale;
  uint scaled_by_step;  // by the step's gradient_scale, too
};
TRITIUM_CHECK_SIZE(SgdUpdateParams, 104)

TRITIUM_PARAMS_END

#endif
