// y = w, 0 where |w| is below that of rank n_pruned, from the least, of its row.
//   parameter: f32, bf16 or i8 [n_rows, row_stride]; y: f32 [n_rows, row_stride]
// A workgroup takes a row. Floats of one sign are in the order of their bits, so the magnitude of a rank is found bit
// by bit: 31 counts, each of which reads the row.
#version 450

#include "lib/grid.glsl"
#include "lib/parameter.glsl"
#include "lib/reduce.glsl"
#include "params/prune.h"

layout(push_constant) uniform Push { PruneParams p; };
layout(set = 0, binding = 0) readonly buffer Parameter { uint parameter[]; };
layout(set = 0, binding = 1) writeonly buffer Y { float y[]; };

float weight_at(uint at) { return parameter_value(p.plane, parameter[parameter_word(p.plane, at)], at); }
uint magnitude_at(uint at) { return floatBitsToUint(weight_at(at)) & 0x7FFFFFFFu; }

void main() {
  const uint row = folded_group();
  if (row >= p.n_rows) return;
  const uint first = row * p.plane.row_stride;
  uint ranked = 0u;  // the largest number that at most n_pruned magnitudes are below
  for (uint bit = 0x40000000u; bit > 0u; bit >>= 1u) {
    float below = 0.0;
    for (uint c = gl_LocalInvocationIndex; c < p.cols; c += kWorkgroup)
      below += float(magnitude_at(first + c) < (ranked | bit));
    if (uint(workgroup_sum(below)) <= p.n_pruned) ranked |= bit;
  }
  for (uint c = gl_LocalInvocationIndex; c < p.cols; c += kWorkgroup)
    y[first + c] = magnitude_at(first + c) < ranked ? 0.0 : weight_at(first + c);
}
