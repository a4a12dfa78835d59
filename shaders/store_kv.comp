// k_cache[position + t] = k[t], v_cache[position + t] = v[t]
//   k: f32 [n_tokens, k_row]; v: f32 [n_tokens, v_row]; caches: f32 [capacity, k_row or v_row]
// A workgroup copies 128 values of each.
#version 450
#extension GL_GOOGLE_include_directive : require

#include "lib/grid.glsl"
#include "params/store_kv.h"

layout(local_size_x = 128) in;
layout(push_constant) uniform Push { StoreKvParams p; };
layout(set = 0, binding = 0) readonly buffer K { float k[]; };
layout(set = 0, binding = 1) readonly buffer V { float v[]; };
layout(set = 0, binding = 2) writeonly buffer KCache { float k_cache[]; };
layout(set = 0, binding = 3) writeonly buffer VCache { float v_cache[]; };

void main() {
  const uint i = folded_invocation(128u);
  if (i < p.n_tokens * p.k_row) k_cache[p.position * p.k_row + i] = k[i];
  if (i < p.n_tokens * p.v_row) v_cache[p.position * p.v_row + i] = v[i];
}
