// Dense weights of every type as floats, out of words of a buffer. GLSL only.
#ifndef TRITIUM_LIB_DENSE_WEIGHT_GLSL
#define TRITIUM_LIB_DENSE_WEIGHT_GLSL

#include "params/dtype.h"

// The two values of a word of f16 or bf16.
vec2 dense_halves(uint dtype, uint word) {
  if (dtype == TRITIUM_DTYPE_F16) return unpackHalf2x16(word);
  return vec2(uintBitsToFloat(word << 16u), uintBitsToFloat(word & 0xFFFF0000u));
}

// Words a value takes, as a shift of its index: value i lies in word i >> dense_shift(dtype).
uint dense_shift(uint dtype) { return dtype == TRITIUM_DTYPE_F32 ? 0u : 1u; }

// Value `index` of a plane, given the word it lies in.
float dense_value(uint dtype, uint word, uint index) {
  if (dtype == TRITIUM_DTYPE_F32) return uintBitsToFloat(word);
  return dense_halves(dtype, word)[index & 1u];
}

// Values index … index + 3, index a multiple of 4, given the four words they lie in: number dense_four_at().
uint dense_four_at(uint dtype, uint index) { return index >> (dense_shift(dtype) + 2u); }

vec4 dense_four(uint dtype, uvec4 words, uint index) {
  if (dtype == TRITIUM_DTYPE_F32) return uintBitsToFloat(words);
  const uvec2 pair = (index & 4u) == 0u ? words.xy : words.zw;
  return vec4(dense_halves(dtype, pair.x), dense_halves(dtype, pair.y));
}

#endif
