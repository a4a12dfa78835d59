#ifndef TRITIUM_PARAMS_SUM_SQUARES_H
#define TRITIUM_PARAMS_SUM_SQUARES_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct SumSquaresParams {
  uint n_values;
  uint index;  // of the sum
};
TRITIUM_CHECK_SIZE(SumSquaresParams, 8)

TRITIUM_PARAMS_END

#endif
