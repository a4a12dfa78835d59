// y = x / sqrt(mean(x^2) + eps) * weight, over each row.
//   x, y: f32 [n_rows, dim]; weight: f32 [dim]
// A workgroup computes a row: 12 bytes and 4 operations a value.
#version 450

#include "lib/grid.glsl"
#include "lib/reduce.glsl"
#include "params/rms_norm.h"

layout(push_constant) uniform Push { RmsNormParams p; };
layout(set = 0, binding = 0) readonly buffer X { float x[]; };
layout(set = 0, binding = 1) readonly buffer Weight { float weight[]; };
layout(set = 0, binding = 2) writeonly buffer Y { float y[]; };

void main() {
  const uint row = folded_group();
  if (row >= p.n_rows) return;
  const uint first = row * p.dim;
  float squares = 0.0;
  for (uint d = gl_LocalInvocationIndex; d < p.dim; d += kWorkgroup) squares += x[first + d] * x[first + d];
  const float inverse_rms = 1.0 / sqrt(workgroup_sum(squares) / float(p.dim) + p.eps);
  for (uint d = gl_LocalInvocationIndex; d < p.dim; d += kWorkgroup)
    y[first + d] = x[first + d] * inverse_rms * weight[d];
}
