// q = clip(round_half_even(x * (127 / m)), -127, 127), scale = m / 127, m = max |x| over the block (lib/rounding.h: the
// same bits as on the CPU). Columns from cols to padded_cols become 0.
//   x: f32 [n_rows, cols]; q: i8 [n_rows, padded_cols], four to a word; scales: f32 [n_rows, padded_cols / block]
// A workgroup quantises a block: 5 bytes and about 8 operations a value.
#version 450

#include "params/quantize_activations.h"

layout(push_constant) uniform Push { QuantizeActivationsParams p; };
layout(set = 0, binding = 0) readonly buffer X { float x[]; };
layout(set = 0, binding = 1) writeonly buffer Q { uint q[]; };
layout(set = 0, binding = 2) writeonly buffer Scales { float scales[]; };

#include "lib/quantised_row.glsl"

vec4 own_values(uint row, uvec4 columns) {
  vec4 values;
  for (uint i = 0u; i < 4u; ++i) values[i] = x[row * p.cols + columns[i]];
  return values;
}
void keep_codes(uint word, uint codes) { q[word] = codes; }

void main() {
  const uint n_blocks = p.padded_cols / p.block;
  const uint block = folded_group();
  if (block >= p.n_rows * n_blocks) return;
  const uint row = block / n_blocks;
  const uint first = block % n_blocks * p.block;
  const uint end = min(first + p.block, p.cols);  // before first for a block of padding
  const float scale = quantise_row(row, first, end, p.block, (row * p.padded_cols + first) / 4u);
  if (gl_LocalInvocationIndex == 0u) scales[block] = scale;
}
