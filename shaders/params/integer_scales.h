#ifndef TRITIUM_PARAMS_INTEGER_SCALES_H
#define TRITIUM_PARAMS_INTEGER_SCALES_H

#include "parameter_plane.h"

TRITIUM_PARAMS_BEGIN

struct IntegerScalesParams {
  uint n_rows;
  uint cols;
  ParameterPlane plane;
  uint quantizer;   // qmax: 127, 31, 15 or 7
  uint n_groups;    // scales of a row
  uint group_size;  // columns that one covers; the last may have fewer
  uint clip_search;
  uint round_to_f16;
};
TRITIUM_CHECK_SIZE(IntegerScalesParams, 40)

TRITIUM_PARAMS_END

#endif
