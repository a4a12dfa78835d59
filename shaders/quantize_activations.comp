// q = clip(round_half_even(x * (127 / m)), -127, 127), scale = m / 127, m = max |x| over the block (lib/rounding.h: the
// same bits as on the CPU). Columns from cols to padded_cols become 0.
//   x: f32 [n_rows, cols]; q: i8 [n_rows, padded_cols], four to a word; scales: f32 [n_rows, padded_cols / block]
// A workgroup quantises a block: 5 bytes and about 8 operations a value.
#version 450

#include "lib/int8_block.glsl"
#include "params/quantize_activations.h"

layout(push_constant) uniform Push { QuantizeActivationsParams p; };
layout(set = 0, binding = 0) readonly buffer X { float x[]; };
layout(set = 0, binding = 1) writeonly buffer Q { uint q[]; };
layout(set = 0, binding = 2) writeonly buffer Scales { float scales[]; };

void main() {
  const uint n_blocks = p.padded_cols / p.block;
  const uint block = folded_group();
  if (block >= p.n_rows * n_blocks) return;
  const uint row = block / n_blocks;
  const uint first = block % n_blocks * p.block;
  const uint last = min(first + p.block, p.cols);  // before first for a block of padding

  uint bits = 0u;
  for (uint c = first + gl_LocalInvocationIndex; c < last; c += kWorkgroup)
    bits = max(bits, magnitude_bits(x[row * p.cols + c]));
  const Int8Block codes = int8_block(largest_of_workgroup(bits));
  if (gl_LocalInvocationIndex == 0u) scales[block] = codes.scale;

  for (uint word = gl_LocalInvocationIndex; word < p.block / 4u; word += kWorkgroup) {
    uint packed_values = 0u;
    for (uint b = 0u; b < 4u; ++b) {
      const uint c = first + 4u * word + b;
      const int value = c < last ? int8_code(x[row * p.cols + c], codes) : 0;
      packed_values |= (uint(value) & 255u) << (8u * b);
    }
    q[(row * p.padded_cols + first) / 4u + word] = packed_values;
  }
}
