#ifndef TRITIUM_PARAMS_GATED_ACTIVATION_BACKWARD_H
#define TRITIUM_PARAMS_GATED_ACTIVATION_BACKWARD_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct GatedActivationBackwardParams {
  uint n_values;
  uint activation;  // 0 silu, 1 gelu (tanh), 2 relu squared, 3 leaky relu squared
  float clamp_at;   // 0: none
  uint gated;       // else the activation alone
};
TRITIUM_CHECK_SIZE(GatedActivationBackwardParams, 16)

TRITIUM_PARAMS_END

#endif
