#ifndef TRITIUM_PARAMS_FLIP_TRITS_H
#define TRITIUM_PARAMS_FLIP_TRITS_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct FlipTritsParams {
  uint n_rows;
  uint cols;
  uint padded_cols;  // of the packed trits
  uint group_size;   // columns a scale covers
  uint n_scales;     // in a packed row
  uint seed;
  uint step;
  uint stream;
  uint count_flips;
};
TRITIUM_CHECK_SIZE(FlipTritsParams, 36)

TRITIUM_PARAMS_END

#endif
