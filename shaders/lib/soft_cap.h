// cap tanh(x / cap): logits that cannot exceed a bound (Bello et al. 2017; Gemma 2).
#ifndef TRITIUM_LIB_SOFT_CAP_H
#define TRITIUM_LIB_SOFT_CAP_H

#include "portable.h"

TRITIUM_LIB_BEGIN

// Near 0 the difference from 1 would lose u's digits: there five terms of the series, elsewhere
// 1 - 2 / (1 + exp(2 |u|)), which is 1 to the last bit from 10 on.
TRITIUM_FUNCTION float tanh_of(float u) {
  float a = abs(u);
  float s = u * u;
  if (a < 0.3f) return u * (1.0f + s * (-0.333333333f + s * (0.133333333f + s * (-0.0539682540f + s * 0.0218694885f))));
  float t = a > 10.0f ? 1.0f : 1.0f - 2.0f / (1.0f + exp(2.0f * a));
  return u < 0.0f ? -t : t;
}

TRITIUM_FUNCTION float soft_capped(float x, float cap) { return cap * tanh_of(x / cap); }

// Its derivative, 1 - tanh^2 = (1 - t) (1 + t).
TRITIUM_FUNCTION float soft_cap_slope(float x, float cap) {
  float a = abs(x / cap);
  if (a > 40.0f) return 0.0f;
  float e = exp(-2.0f * a);
  return 4.0f * e / ((1.0f + e) * (1.0f + e));
}

TRITIUM_LIB_END

#endif
