#ifndef TRITIUM_PARAMS_SCALE_COLUMNS_BACKWARD_H
#define TRITIUM_PARAMS_SCALE_COLUMNS_BACKWARD_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct ScaleColumnsBackwardParams {
  uint n_rows;
  uint dim;
  uint columns_of_scale;  // neighbours that share one
  uint gated;             // scales are sigmoids of what is given
  uint accumulate;        // into dz
};
TRITIUM_CHECK_SIZE(ScaleColumnsBackwardParams, 20)

TRITIUM_PARAMS_END

#endif
