#ifndef TRITIUM_PARAMS_RMS_NORM_BACKWARD_H
#define TRITIUM_PARAMS_RMS_NORM_BACKWARD_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct RmsNormBackwardParams {
  uint n_rows;
  uint dim;
  float eps;
  uint accumulate;  // into dx
};
TRITIUM_CHECK_SIZE(RmsNormBackwardParams, 16)

TRITIUM_PARAMS_END

#endif
