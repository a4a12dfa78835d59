#ifndef TRITIUM_PARAMS_EXPERT_LOAD_H
#define TRITIUM_PARAMS_EXPERT_LOAD_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct ExpertLoadParams {
  uint n_slots;  // tokens x top_k
  uint n_experts;
};
TRITIUM_CHECK_SIZE(ExpertLoadParams, 8)

TRITIUM_PARAMS_END

#endif
