#ifndef TRITIUM_PARAMS_SCALED_ADD_H
#define TRITIUM_PARAMS_SCALED_ADD_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct ScaledAddParams {
  uint n_values;
  float a_scale;
  float b_scale;
  uint step_factor;  // TRITIUM_STEP_…: what of the step the scales are multiplied with
};
TRITIUM_CHECK_SIZE(ScaledAddParams, 16)

TRITIUM_PARAMS_END

#endif
