// y = cap tanh(x / cap) (lib/soft_cap.h)
//   x, y: f32 [n_values]
// A workgroup computes 128 values: 8 bytes and about 8 operations each.
#version 450

#include "lib/grid.glsl"
#include "lib/soft_cap.h"
#include "params/soft_cap.h"

layout(push_constant) uniform Push { SoftCapParams p; };
layout(set = 0, binding = 0) readonly buffer X { float x[]; };
layout(set = 0, binding = 1) writeonly buffer Y { float y[]; };

void main() {
  const uint i = folded_invocation(128u);
  if (i < p.n_values) y[i] = soft_capped(x[i], p.cap);
}
