#ifndef TRITIUM_PARAMS_THRESHOLD_SCALES_H
#define TRITIUM_PARAMS_THRESHOLD_SCALES_H

#include "parameter_plane.h"

TRITIUM_PARAMS_BEGIN

struct ThresholdScalesParams {
  uint n_rows;
  uint cols;
  ParameterPlane plane;
  uint round_to_f16;
};
TRITIUM_CHECK_SIZE(ThresholdScalesParams, 24)

TRITIUM_PARAMS_END

#endif
