#ifndef TRITIUM_PARAMS_ROPE_H
#define TRITIUM_PARAMS_ROPE_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct RopeParams {
  uint n_tokens;
  uint n_heads;
  uint head_dim;
  uint n_rotated;  // leading values of a head that are rotated, even
  uint pairing;    // 0 interleaved, 1 halves
  uint inverse;    // turn back: the gradient of a rotation
};
TRITIUM_CHECK_SIZE(RopeParams, 24)

TRITIUM_PARAMS_END

#endif
