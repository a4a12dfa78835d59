// x = scale * q.
//   q: i8 [n_rows, padded_cols], four to a word; scales: f32 [n_rows, n_blocks]; x: f32 [n_rows, cols]
// A workgroup computes 128 values: 5 bytes and one operation each.
#version 450

#include "lib/grid.glsl"
#include "lib/ternary.h"
#include "params/dequantize_activations.h"

layout(push_constant) uniform Push { DequantizeActivationsParams p; };
layout(set = 0, binding = 0) readonly buffer Q { uint q[]; };
layout(set = 0, binding = 1) readonly buffer Scales { float scales[]; };
layout(set = 0, binding = 2) writeonly buffer X { float x[]; };

void main() {
  const uint i = folded_invocation(128u);
  if (i >= p.n_rows * p.cols) return;
  const uint row = i / p.cols;
  const uint column = i % p.cols;
  const uint at = row * p.padded_cols + column;
  x[i] = scales[row * p.n_blocks + column / p.block] * float(unpack_i8(q[at / 4u], at % 4u));
}
