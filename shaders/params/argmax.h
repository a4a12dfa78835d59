#ifndef TRITIUM_PARAMS_ARGMAX_H
#define TRITIUM_PARAMS_ARGMAX_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct ArgmaxParams {
  uint n_rows;
  uint cols;
};
TRITIUM_CHECK_SIZE(ArgmaxParams, 8)

TRITIUM_PARAMS_END

#endif
