#ifndef TRITIUM_PARAMS_PREVIOUS_ROWS_BACKWARD_H
#define TRITIUM_PARAMS_PREVIOUS_ROWS_BACKWARD_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct PreviousRowsBackwardParams {
  uint n_tokens;
  uint dim;
  uint accumulate;  // into dx
};
TRITIUM_CHECK_SIZE(PreviousRowsBackwardParams, 12)

TRITIUM_PARAMS_END

#endif
