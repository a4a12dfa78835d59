#ifndef TRITIUM_PARAMS_QUANTIZE_ACTIVATIONS_H
#define TRITIUM_PARAMS_QUANTIZE_ACTIVATIONS_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct QuantizeActivationsParams {
  uint n_rows;
  uint cols;
  uint padded_cols;
  uint block;  // columns a scale covers: padded_cols (per token) or 256
};
TRITIUM_CHECK_SIZE(QuantizeActivationsParams, 16)

TRITIUM_PARAMS_END

#endif
