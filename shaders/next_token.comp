// ring[position mod n_slots] = id, token = max(id, 0), position += 1: what a decoded token leaves for the next pass.
//   ids, tokens: i32 [1]; rows: i32 [1, 2], a position and where its sequence's cache begins; ring: i32 [n_slots]
// One invocation does it: 16 bytes.
#version 450

#include "lib/grid.glsl"
#include "params/next_token.h"

layout(push_constant) uniform Push { NextTokenParams p; };
layout(set = 0, binding = 0) readonly buffer Ids { int ids[]; };
layout(set = 0, binding = 1) writeonly buffer Tokens { int tokens[]; };
layout(set = 0, binding = 2) buffer Rows { int rows[]; };
layout(set = 0, binding = 3) buffer Ring { int ring[]; };

void main() {
  if (folded_invocation(kWorkgroup) > 0u) return;
  ring[uint(rows[0]) % p.n_slots] = ids[0];
  tokens[0] = max(ids[0], 0);
  rows[0] += 1;
}
