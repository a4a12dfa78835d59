// A parameter in training: rows of f32, of bf16 two to a word, or of codes four to a word (shadow_code.h). Rows start
// on whole words and have an even number of elements. GLSL only.
#ifndef TRITIUM_LIB_PARAMETER_GLSL
#define TRITIUM_LIB_PARAMETER_GLSL

#include "../params/parameter_plane.h"
#include "shadow_code.h"
#include "ternary.h"

// The value of element `index` of a plane, from the word that holds it.
uint parameter_word(ParameterPlane plane, uint index) {
  return plane.dtype == TRITIUM_DTYPE_F32 ? index : plane.dtype == TRITIUM_DTYPE_I8 ? index >> 2u : index >> 1u;
}
float parameter_value(ParameterPlane plane, uint word, uint index) {
  if (plane.dtype == TRITIUM_DTYPE_F32) return uintBitsToFloat(word);
  if (plane.dtype == TRITIUM_DTYPE_I8) return shadow_code_value(unpack_i8(word, index & 3u), plane.code_step);
  return uintBitsToFloat((index & 1u) == 0u ? word << 16u : word & 0xFFFF0000u);
}

// Which alpha covers column `column` of row `row` (ops/ternarize.h). Products fit: check() bounds the elements.
uint alpha_index(uint row, uint column, uint n_rows, uint n_groups, uint group_size, uint n_alpha) {
  const uint groups = n_rows * n_groups;
  return (row * n_groups + column / group_size) / (groups / n_alpha);
}

#endif
