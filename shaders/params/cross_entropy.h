#ifndef TRITIUM_PARAMS_CROSS_ENTROPY_H
#define TRITIUM_PARAMS_CROSS_ENTROPY_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct CrossEntropyParams {
  uint n_rows;
  uint vocab_size;
  float scale;
  uint with_gradient;
};
TRITIUM_CHECK_SIZE(CrossEntropyParams, 16)

TRITIUM_PARAMS_END

#endif
