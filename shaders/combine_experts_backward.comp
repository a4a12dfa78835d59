// dx[t * k + s] = weights[t, s] dy[t],   dweights[t, s] = <dy[t], x[t * k + s]>
//   x, dx: f32 [n_tokens * top_k, dim]; weights, dweights: f32 [n_tokens, top_k]; dy: f32 [n_tokens, dim]
// A workgroup computes a slot: 12 bytes and 3 operations a value of dx.
#version 450

#include "lib/grid.glsl"
#include "lib/reduce.glsl"
#include "params/combine_experts_backward.h"

layout(push_constant) uniform Push { CombineExpertsBackwardParams p; };
layout(set = 0, binding = 0) readonly buffer X { float x[]; };
layout(set = 0, binding = 1) readonly buffer Weights { float weights[]; };
layout(set = 0, binding = 2) readonly buffer Dy { float dy[]; };
layout(set = 0, binding = 3) writeonly buffer Dx { float dx[]; };
layout(set = 0, binding = 4) writeonly buffer Dweights { float dweights[]; };

void main() {
  const uint slot = folded_group();
  if (slot >= p.n_tokens * p.top_k) return;
  const uint token = slot / p.top_k;
  const float weight = weights[slot];
  float product = 0.0;
  for (uint d = gl_LocalInvocationIndex; d < p.dim; d += kWorkgroup) {
    const float value = dy[token * p.dim + d];
    dx[slot * p.dim + d] = weight * value;
    product += value * x[slot * p.dim + d];
  }
  product = workgroup_sum(product);
  if (gl_LocalInvocationIndex == 0u) dweights[slot] = product;
}
