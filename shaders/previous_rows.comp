// y[t] = x of the token before t in its sequence: row t - 1, the cache's, or zeros; cache[row of t] = x[t]
//   x, y: f32 [n_tokens, dim]; rows: position, start [n_tokens]; cache: f32 [capacity, dim]
// No token reads a row of the cache that another one of the pass writes: then it has row t - 1. A workgroup computes
// 128 values: 8 to 16 bytes each.
#version 450

#include "lib/grid.glsl"
#include "params/previous_rows.h"

layout(push_constant) uniform Push { PreviousRowsParams p; };
layout(set = 0, binding = 0) readonly buffer X { float x[]; };
layout(set = 0, binding = 1) readonly buffer Rows { uvec2 rows[]; };
layout(set = 0, binding = 2) buffer Cache { float cache[]; };
layout(set = 0, binding = 3) writeonly buffer Y { float y[]; };

#include "lib/sequence_rows.glsl"

void main() {
  const uint i = folded_invocation(128u);
  if (i >= p.n_tokens * p.dim) return;
  const uint t = i / p.dim, d = i % p.dim;
  const uint row = rows[t].x + rows[t].y;
  float before = 0.0;
  if (t > 0u && is_followed(t - 1u))
    before = x[i - p.dim];
  else if (p.cached == 1u && rows[t].x > 0u)
    before = cache[(row - 1u) * p.dim + d];
  y[i] = before;
  if (p.cached == 1u) cache[row * p.dim + d] = x[i];
}
