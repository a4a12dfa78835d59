#ifndef TRITIUM_PARAMS_ARGMAX_H
#define TRITIUM_PARAMS_ARGMAX_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct ArgmaxParams {
  uint n_rows;
  uint cols;
  uint n_parts;  // that a kernel on a device cuts a row into
};
TRITIUM_CHECK_SIZE(ArgmaxParams, 12)

TRITIUM_PARAMS_END

#endif
