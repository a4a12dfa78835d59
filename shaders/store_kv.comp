// k_cache[r] = k[t], v_cache[r] = v[t] with r = start + position of token t
//   k: f32 [n_tokens, k_row]; v: f32 [n_tokens, v_row]; rows: position, start [n_tokens]; caches: f32 [capacity, k_row or v_row]
// A workgroup copies 128 values of each.
#version 450

#include "lib/grid.glsl"
#include "params/store_kv.h"

layout(push_constant) uniform Push { StoreKvParams p; };
layout(set = 0, binding = 0) readonly buffer K { float k[]; };
layout(set = 0, binding = 1) readonly buffer V { float v[]; };
layout(set = 0, binding = 2) readonly buffer Rows { uvec2 rows[]; };
layout(set = 0, binding = 3) writeonly buffer KCache { float k_cache[]; };
layout(set = 0, binding = 4) writeonly buffer VCache { float v_cache[]; };

uint cache_row(uint token) { return rows[token].x + rows[token].y; }

void main() {
  const uint i = folded_invocation(128u);
  if (i < p.n_tokens * p.k_row) k_cache[cache_row(i / p.k_row) * p.k_row + i % p.k_row] = k[i];
  if (i < p.n_tokens * p.v_row) v_cache[cache_row(i / p.v_row) * p.v_row + i % p.v_row] = v[i];
}
