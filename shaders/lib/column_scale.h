// What columns are multiplied with, from the parameter that is learned: itself, or its sigmoid.
#ifndef TRITIUM_LIB_COLUMN_SCALE_H
#define TRITIUM_LIB_COLUMN_SCALE_H

#include "portable.h"

TRITIUM_LIB_BEGIN

// Below -87 exp(-s) nears the end of the float range.
TRITIUM_FUNCTION float column_scale(float s, uint gated) {
  if (gated == 0u) return s;
  return s < -87.0f ? 0.0f : 1.0f / (1.0f + exp(-s));
}

// Its derivative. With e = exp(-|s|), the same for s and -s: e / (1 + e)^2.
TRITIUM_FUNCTION float column_scale_slope(float s, uint gated) {
  if (gated == 0u) return 1.0f;
  float e = exp(-abs(s));
  return e / ((1.0f + e) * (1.0f + e));
}

TRITIUM_LIB_END

#endif
