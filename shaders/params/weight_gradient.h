#ifndef TRITIUM_PARAMS_WEIGHT_GRADIENT_H
#define TRITIUM_PARAMS_WEIGHT_GRADIENT_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct WeightGradientParams {
  uint n_rows;        // of dy
  uint out_features;  // rows of each weight matrix
  uint cols;
  uint quantized;    // x comes as int8 and scales
  uint padded_cols;  // of a row of int8
  uint block;        // columns a scale of x covers
  uint n_blocks;
  uint rows_per_x;
  uint n_matrices;
  uint routed;
};
TRITIUM_CHECK_SIZE(WeightGradientParams, 40)

TRITIUM_PARAMS_END

#endif
