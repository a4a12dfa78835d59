#ifndef TRITIUM_PARAMS_BALANCE_BIAS_H
#define TRITIUM_PARAMS_BALANCE_BIAS_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct BalanceBiasParams {
  uint n_experts;
  float rate;
};
TRITIUM_CHECK_SIZE(BalanceBiasParams, 8)

TRITIUM_PARAMS_END

#endif
