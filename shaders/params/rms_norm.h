#ifndef TRITIUM_PARAMS_RMS_NORM_H
#define TRITIUM_PARAMS_RMS_NORM_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct RmsNormParams {
  uint n_rows;
  uint dim;
  float eps;
};
TRITIUM_CHECK_SIZE(RmsNormParams, 12)

TRITIUM_PARAMS_END

#endif
