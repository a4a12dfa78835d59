#ifndef TRITIUM_PARAMS_SCALE_COLUMNS_H
#define TRITIUM_PARAMS_SCALE_COLUMNS_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct ScaleColumnsParams {
  uint n_rows;
  uint dim;
  uint columns_of_scale;  // neighbours that share one
  uint gated;             // scales are sigmoids of what is given
  uint adds;              // to x
};
TRITIUM_CHECK_SIZE(ScaleColumnsParams, 20)

TRITIUM_PARAMS_END

#endif
