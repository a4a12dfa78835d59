#ifndef TRITIUM_PARAMS_ROUTE_TOKENS_BACKWARD_H
#define TRITIUM_PARAMS_ROUTE_TOKENS_BACKWARD_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct RouteTokensBackwardParams {
  uint n_tokens;
  uint n_experts;
  uint top_k;
  uint renormalize;
  float scale;
  float balance;  // coefficient of the load balance loss / n_tokens
  float z_loss;   // coefficient of the router z-loss / n_tokens
};
TRITIUM_CHECK_SIZE(RouteTokensBackwardParams, 28)

TRITIUM_PARAMS_END

#endif
