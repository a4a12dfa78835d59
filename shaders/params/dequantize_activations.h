#ifndef TRITIUM_PARAMS_DEQUANTIZE_ACTIVATIONS_H
#define TRITIUM_PARAMS_DEQUANTIZE_ACTIVATIONS_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct DequantizeActivationsParams {
  uint n_rows;
  uint cols;
  uint padded_cols;
  uint block;  // columns a scale covers
  uint n_blocks;
};
TRITIUM_CHECK_SIZE(DequantizeActivationsParams, 20)

TRITIUM_PARAMS_END

#endif
