#ifndef TRITIUM_PARAMS_INTEGER_SCALES_H
#define TRITIUM_PARAMS_INTEGER_SCALES_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct IntegerScalesParams {
  uint n_rows;
  uint cols;
  uint row_stride;  // elements, of the parameter
  uint dtype;       // of the parameter: TRITIUM_DTYPE_F32 or BF16
  uint quantizer;   // qmax: 127, 31, 15 or 7
  uint n_groups;    // scales of a row
  uint group_size;  // columns that one covers; the last may have fewer
  uint clip_search;
  uint round_to_f16;
};
TRITIUM_CHECK_SIZE(IntegerScalesParams, 36)

TRITIUM_PARAMS_END

#endif
