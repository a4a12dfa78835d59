// y = x - (<x, v> / <v, v>) v of each head, v the token's own value
//   x, y: f32 [n_tokens, n_heads, value_dim]; v: f32 [n_tokens, n_kv_heads, value_dim]
// A workgroup computes a head of a token: 8 bytes, and 4 of v for each of its heads, and 6 operations a value.
#version 450

#include "lib/grid.glsl"
#include "lib/reduce.glsl"
#include "params/reject_values.h"

layout(push_constant) uniform Push { RejectValuesParams p; };
layout(set = 0, binding = 0) readonly buffer X { float x[]; };
layout(set = 0, binding = 1) readonly buffer V { float v[]; };
layout(set = 0, binding = 2) writeonly buffer Y { float y[]; };

void main() {
  const uint row = folded_group();
  if (row >= p.n_tokens * p.n_heads) return;
  const uint at = row * p.value_dim, own = row / (p.n_heads / p.n_kv_heads) * p.value_dim;
  float squares = 0.0, product = 0.0;
  for (uint d = gl_LocalInvocationIndex; d < p.value_dim; d += kWorkgroup) {
    squares += v[own + d] * v[own + d];
    product += x[at + d] * v[own + d];
  }
  squares = workgroup_sum(squares);
  product = workgroup_sum(product);
  const float along = squares > 0.0 ? product / squares : 0.0;
  for (uint d = gl_LocalInvocationIndex; d < p.value_dim; d += kWorkgroup) y[at + d] = x[at + d] - along * v[own + d];
}
