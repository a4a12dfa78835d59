#ifndef TRITIUM_PARAMS_PREVIOUS_ROWS_H
#define TRITIUM_PARAMS_PREVIOUS_ROWS_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct PreviousRowsParams {
  uint n_tokens;
  uint dim;
  uint cached;  // what came before the tokens is in a cache
};
TRITIUM_CHECK_SIZE(PreviousRowsParams, 12)

TRITIUM_PARAMS_END

#endif
