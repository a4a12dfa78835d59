#ifndef TRITIUM_PARAMS_REJECT_VALUES_BACKWARD_H
#define TRITIUM_PARAMS_REJECT_VALUES_BACKWARD_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct RejectValuesBackwardParams {
  uint n_tokens;
  uint n_heads;
  uint n_kv_heads;
  uint value_dim;
};
TRITIUM_CHECK_SIZE(RejectValuesBackwardParams, 16)

TRITIUM_PARAMS_END

#endif
