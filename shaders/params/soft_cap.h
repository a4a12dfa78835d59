#ifndef TRITIUM_PARAMS_SOFT_CAP_H
#define TRITIUM_PARAMS_SOFT_CAP_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct SoftCapParams {
  uint n_values;
  float cap;
};
TRITIUM_CHECK_SIZE(SoftCapParams, 8)

TRITIUM_PARAMS_END

#endif
