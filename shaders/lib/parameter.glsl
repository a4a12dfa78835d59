// A parameter in training: rows of f32, or of bf16 two to a word. Rows start on whole words and have an even number of
// them, so columns 2i and 2i + 1 belong to one invocation. GLSL only.
#ifndef TRITIUM_LIB_PARAMETER_GLSL
#define TRITIUM_LIB_PARAMETER_GLSL

#include "../params/dtype.h"

// The value of element `index` of a plane, from the word that holds it.
uint parameter_word(uint dtype, uint index) { return dtype == TRITIUM_DTYPE_F32 ? index : index >> 1u; }
float parameter_value(uint dtype, uint word, uint index) {
  if (dtype == TRITIUM_DTYPE_F32) return uintBitsToFloat(word);
  return uintBitsToFloat((index & 1u) == 0u ? word << 16u : word & 0xFFFF0000u);
}

// Which alpha covers column `column` of row `row` (ops/ternarize.h). Products fit: check() bounds the elements.
uint alpha_index(uint row, uint column, uint n_rows, uint n_groups, uint group_size, uint n_alpha) {
  const uint groups = n_rows * n_groups;
  return (row * n_groups + column / group_size) / (groups / n_alpha);
}

#endif
