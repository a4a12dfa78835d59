// How a parameter in training is written back: boundary noise and rounding to bf16.
#ifndef TRITIUM_LIB_SHADOW_H
#define TRITIUM_LIB_SHADOW_H

#include "random.h"

TRITIUM_LIB_BEGIN

// The bits of `value` as bf16, to nearest even. Finite values.
TRITIUM_FUNCTION uint bf16_nearest(float value) {
  uint bits = floatBitsToUint(value);
  return (bits + 0x7FFFu + ((bits >> 16u) & 1u)) >> 16u;
}

// Rounded up or down in magnitude with probability proportional to the distance: a 16-bit uniform number is added below
// the kept bits, then they are cut off. Unbiased.
TRITIUM_FUNCTION uint bf16_stochastic(float value, uint random16) {
  return (floatBitsToUint(value) + (random16 & 0xFFFFu)) >> 16u;
}

// Where | |w| / alpha - 0.5 | < zone a weight gets noise of standard deviation scale * alpha. Its numbers are another
// stream than those of the rounding.
TRITIUM_FUNCTION float with_boundary_noise(float w, float alpha, float scale, float zone, uint seed, uint step,
                                           uint stream, uint index) {
  TRITIUM_PRECISE float distance = abs(abs(w) - 0.5f * alpha);
  TRITIUM_PRECISE float reach = zone * alpha;
  if (!(distance < reach)) return w;
  TRITIUM_PRECISE float noise = scale * alpha * random_normal_of(random_words(seed, step, stream ^ 0x80000000u, index));
  TRITIUM_PRECISE float moved = w + noise;
  return moved;
}

TRITIUM_LIB_END

#endif
