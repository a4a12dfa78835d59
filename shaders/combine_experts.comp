// y[t] = sum over slots s, in order, weights[t, s] * x[t * top_k + s]
//   x: f32 [n_tokens * top_k, dim]; weights: f32 [n_tokens, top_k]; y: f32 [n_tokens, dim]
// A workgroup computes 128 values of y; top_k * 4 bytes and 2 * top_k operations a value.
#version 450

#include "lib/grid.glsl"
#include "params/combine_experts.h"

layout(push_constant) uniform Push { CombineExpertsParams p; };
layout(set = 0, binding = 0) readonly buffer X { float x[]; };
layout(set = 0, binding = 1) readonly buffer Weights { float weights[]; };
layout(set = 0, binding = 2) writeonly buffer Y { float y[]; };

void main() {
  const uint i = folded_invocation(128u);
  if (i >= p.n_tokens * p.dim) return;
  const uint token = i / p.dim;
  const uint column = i % p.dim;
  float sum = 0.0;
  for (uint slot = token * p.top_k; slot < (token + 1u) * p.top_k; ++slot) sum += weights[slot] * x[slot * p.dim + column];
  y[i] = sum;
}
