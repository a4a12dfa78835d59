#ifndef TRITIUM_PARAMS_THRESHOLD_SCALES_H
#define TRITIUM_PARAMS_THRESHOLD_SCALES_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct ThresholdScalesParams {
  uint n_rows;
  uint cols;
  uint row_stride;  // elements, of the parameter
  uint dtype;       // of the parameter: TRITIUM_DTYPE_F32 or BF16
  uint round_to_f16;
};
TRITIUM_CHECK_SIZE(ThresholdScalesParams, 20)

TRITIUM_PARAMS_END

#endif
