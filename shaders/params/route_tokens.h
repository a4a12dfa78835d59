#ifndef TRITIUM_PARAMS_ROUTE_TOKENS_H
#define TRITIUM_PARAMS_ROUTE_TOKENS_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct RouteTokensParams {
  uint n_tokens;
  uint n_experts;
  uint top_k;
  uint renormalize;
  uint biased;  // the choice
  float scale;
};
TRITIUM_CHECK_SIZE(RouteTokensParams, 24)

TRITIUM_PARAMS_END

#endif
