#ifndef TRITIUM_PARAMS_SOFT_CAP_BACKWARD_H
#define TRITIUM_PARAMS_SOFT_CAP_BACKWARD_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct SoftCapBackwardParams {
  uint n_values;
  float cap;
  uint accumulate;  // into dx
};
TRITIUM_CHECK_SIZE(SoftCapBackwardParams, 12)

TRITIUM_PARAMS_END

#endif
