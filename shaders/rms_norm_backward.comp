// With r = 1 / sqrt(mean(x^2) + eps): dx = r (weight dy - x r^2 mean(weight dy x)), over each row, and r for
// rms_norm_backward.weight.comp.
//   x, dy, dx: f32 [n_rows, dim]; weight: f32 [dim]; inverse_rms: f32 [n_rows]
// A workgroup computes a row: 20 bytes (24 into a sum) and 10 operations a value.
#version 450

#include "lib/grid.glsl"
#include "lib/reduce.glsl"
#include "params/rms_norm_backward.h"

layout(push_constant) uniform Push { RmsNormBackwardParams p; };
layout(set = 0, binding = 0) readonly buffer X { float x[]; };
layout(set = 0, binding = 1) readonly buffer Weight { float weight[]; };
layout(set = 0, binding = 2) readonly buffer Dy { float dy[]; };
layout(set = 0, binding = 3) buffer Dx { float dx[]; };
layout(set = 0, binding = 4) writeonly buffer InverseRms { float inverse_rms[]; };

void main() {
  const uint row = folded_group();
  if (row >= p.n_rows) return;
  const uint first = row * p.dim;
  float squares = 0.0;
  float products = 0.0;
  for (uint d = gl_LocalInvocationIndex; d < p.dim; d += kWorkgroup) {
    squares += x[first + d] * x[first + d];
    products += weight[d] * dy[first + d] * x[first + d];
  }
  const float r = 1.0 / sqrt(workgroup_sum(squares) / float(p.dim) + p.eps);
  const float along_x = r * r * (workgroup_sum(products) / float(p.dim));
  for (uint d = gl_LocalInvocationIndex; d < p.dim; d += kWorkgroup) {
    const float gradient = r * (weight[d] * dy[first + d] - x[first + d] * along_x);
    dx[first + d] = p.accumulate == 1u ? dx[first + d] + gradient : gradient;
  }
  if (gl_LocalInvocationIndex == 0u) inverse_rms[row] = r;
}
