// The first n_rotated values of each head turn in pairs: (a, b) -> (a cos - b sin, a sin + b cos); the rest is copied.
//   x, y: f32 [n_tokens, n_heads, head_dim]; rows: position, … [n_tokens]; cos_sin: f32 [context, n_rotated / 2, 2]
// A workgroup computes 128 values; about 20 bytes and 3 operations a value.
#version 450

#include "lib/grid.glsl"
#include "params/rope.h"

layout(push_constant) uniform Push { RopeParams p; };
layout(set = 0, binding = 0) readonly buffer X { float x[]; };
layout(set = 0, binding = 1) readonly buffer Rows { uvec2 rows[]; };
layout(set = 0, binding = 2) readonly buffer CosSin { vec2 cos_sin[]; };
layout(set = 0, binding = 3) writeonly buffer Y { float y[]; };

void main() {
  const uint i = folded_invocation(128u);
  if (i >= p.n_tokens * p.n_heads * p.head_dim) return;
  const uint d = i % p.head_dim;
  if (d >= p.n_rotated) {
    y[i] = x[i];
    return;
  }
  const uint n_pairs = p.n_rotated / 2u;
  const bool halves = p.pairing == 1u;
  const uint pair = halves ? d % n_pairs : d / 2u;
  const bool second = halves ? d >= n_pairs : (d & 1u) == 1u;
  const uint distance = halves ? n_pairs : 1u;
  vec2 turn = cos_sin[rows[i / (p.n_heads * p.head_dim)].x * n_pairs + pair];
  if (p.inverse != 0u) turn.y = -turn.y;
  y[i] = second ? x[i - distance] * turn.y + x[i] * turn.x : x[i] * turn.x - x[i + distance] * turn.y;
}
