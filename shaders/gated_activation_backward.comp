// dgate = dy act'(min(gate, clamp)) clip(up, -clamp, clamp),   dup = dy act(min(gate, clamp)), each 0 beyond the clamp;
// clamp 0: none (lib/activation.h).
//   gate, up, dy, dgate, dup: f32 [n_values]
// A workgroup computes 128 values; 20 bytes and about 20 operations a value.
#version 450

#include "lib/activation.h"
#include "lib/grid.glsl"
#include "params/gated_activation_backward.h"

layout(push_constant) uniform Push { GatedActivationBackwardParams p; };
layout(set = 0, binding = 0) readonly buffer Gate { float gate[]; };
layout(set = 0, binding = 1) readonly buffer Up { float up[]; };
layout(set = 0, binding = 2) readonly buffer Dy { float dy[]; };
layout(set = 0, binding = 3) writeonly buffer Dgate { float dgate[]; };
layout(set = 0, binding = 4) writeonly buffer Dup { float dup[]; };

void main() {
  const uint i = folded_invocation(128u);
  if (i >= p.n_values) return;
  if (p.gated == 0u) {
    dgate[i] = p.clamp_at > 0.0 && gate[i] > p.clamp_at ? 0.0 : dy[i] * activation_slope(gate[i], p.activation);
    return;
  }
  dgate[i] = dy[i] * slope_in_gate(gate[i], up[i], p.activation, p.clamp_at);
  dup[i] = dy[i] * slope_in_up(gate[i], up[i], p.activation, p.clamp_at);
}
