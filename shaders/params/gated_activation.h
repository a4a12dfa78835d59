#ifndef TRITIUM_PARAMS_GATED_ACTIVATION_H
#define TRITIUM_PARAMS_GATED_ACTIVATION_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct GatedActivationParams {
  uint n_values;
  uint activation;  // 0 silu, 1 gelu (tanh), 2 relu squared, 3 leaky relu squared
  float clamp_at;   // 0: none
  uint gated;       // else the activation alone
};
TRITIUM_CHECK_SIZE(GatedActivationParams, 16)

TRITIUM_PARAMS_END

#endif
