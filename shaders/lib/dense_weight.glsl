// Reads dense weights of any type out of a buffer of words named `weight_words`, declared before this is included.
// GLSL only.
#ifndef TRITIUM_LIB_DENSE_WEIGHT_GLSL
#define TRITIUM_LIB_DENSE_WEIGHT_GLSL

#include "params/dtype.h"

float half_value(uint dtype, uint bits) {
  return dtype == TRITIUM_DTYPE_F16 ? unpackHalf2x16(bits).x : uintBitsToFloat(bits << 16u);
}

// Element `index` of the plane.
float dense_value(uint dtype, uint index) {
  if (dtype == TRITIUM_DTYPE_F32) return uintBitsToFloat(weight_words[index]);
  const uint word = weight_words[index / 2u];
  return half_value(dtype, (index & 1u) == 0u ? word & 0xFFFFu : word >> 16u);
}

// Elements 2 * pair and 2 * pair + 1.
vec2 dense_pair(uint dtype, uint pair) {
  if (dtype == TRITIUM_DTYPE_F32)
    return vec2(uintBitsToFloat(weight_words[2u * pair]), uintBitsToFloat(weight_words[2u * pair + 1u]));
  const uint word = weight_words[pair];
  return vec2(half_value(dtype, word & 0xFFFFu), half_value(dtype, word >> 16u));
}

#endif
