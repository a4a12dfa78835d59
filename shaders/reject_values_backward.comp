// With n = <v, v>, a = <x, v> / n, b = <dy, v> / n of each head:
//   dx = dy - b v,   dv = sum over the heads of v of 2 a b v - a dy - b x
//   x, dy, dx: f32 [n_tokens, n_heads, value_dim]; v, dv: f32 [n_tokens, n_kv_heads, value_dim]
// A workgroup computes the heads of a value, one after another: 20 bytes and 16 operations a value of x.
#version 450

#include "lib/grid.glsl"
#include "lib/reduce.glsl"
#include "params/reject_values_backward.h"

layout(push_constant) uniform Push { RejectValuesBackwardParams p; };
layout(set = 0, binding = 0) readonly buffer X { float x[]; };
layout(set = 0, binding = 1) readonly buffer V { float v[]; };
layout(set = 0, binding = 2) readonly buffer Dy { float dy[]; };
layout(set = 0, binding = 3) writeonly buffer Dx { float dx[]; };
layout(set = 0, binding = 4) buffer Dv { float dv[]; };

void main() {
  const uint kv = folded_group();
  if (kv >= p.n_tokens * p.n_kv_heads) return;
  const uint group = p.n_heads / p.n_kv_heads, own = kv * p.value_dim;
  float squares = 0.0;
  for (uint d = gl_LocalInvocationIndex; d < p.value_dim; d += kWorkgroup) squares += v[own + d] * v[own + d];
  squares = workgroup_sum(squares);
  const float inverse = squares > 0.0 ? 1.0 / squares : 0.0;
  for (uint h = 0u; h < group; ++h) {
    const uint at = (kv * group + h) * p.value_dim;
    float along_x = 0.0, along_dy = 0.0;
    for (uint d = gl_LocalInvocationIndex; d < p.value_dim; d += kWorkgroup) {
      along_x += x[at + d] * v[own + d];
      along_dy += dy[at + d] * v[own + d];
    }
    const float a = workgroup_sum(along_x) * inverse;
    const float b = workgroup_sum(along_dy) * inverse;
    // An invocation meets its own columns alone, so dv can be added up where it goes.
    for (uint d = gl_LocalInvocationIndex; d < p.value_dim; d += kWorkgroup) {
      dx[at + d] = dy[at + d] - b * v[own + d];
      const float part = 2.0 * a * b * v[own + d] - a * dy[at + d] - b * x[at + d];
      dv[own + d] = h == 0u ? part : dv[own + d] + part;
    }
  }
}
