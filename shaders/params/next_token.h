#ifndef TRITIUM_PARAMS_NEXT_TOKEN_H
#define TRITIUM_PARAMS_NEXT_TOKEN_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct NextTokenParams {
  uint n_slots;
};
TRITIUM_CHECK_SIZE(NextTokenParams, 4)

TRITIUM_PARAMS_END

#endif
