// dx = dy (1 - tanh(x / cap)^2) (lib/soft_cap.h)
//   x, dy, dx: f32 [n_values]
// A workgroup computes 128 values: 12 bytes (16 into a sum) and about 8 operations each.
#version 450

#include "lib/grid.glsl"
#include "lib/soft_cap.h"
#include "params/soft_cap_backward.h"

layout(push_constant) uniform Push { SoftCapBackwardParams p; };
layout(set = 0, binding = 0) readonly buffer X { float x[]; };
layout(set = 0, binding = 1) readonly buffer Dy { float dy[]; };
layout(set = 0, binding = 2) buffer Dx { float dx[]; };

void main() {
  const uint i = folded_invocation(128u);
  if (i >= p.n_values) return;
  const float gradient = dy[i] * soft_cap_slope(x[i], p.cap);
  dx[i] = p.accumulate == 1u ? dx[i] + gradient : gradient;
}
