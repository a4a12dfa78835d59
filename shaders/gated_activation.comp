// y = act(min(gate, clamp)) * clip(up, -clamp, clamp), or the activation alone; clamp 0: none (lib/activation.h).
//   gate, up, y: f32 [n_values]
// A workgroup computes 128 values; 12 bytes and about 10 operations a value.
#version 450

#include "lib/activation.h"
#include "lib/grid.glsl"
#include "params/gated_activation.h"

layout(push_constant) uniform Push { GatedActivationParams p; };
layout(set = 0, binding = 0) readonly buffer Gate { float gate[]; };
layout(set = 0, binding = 1) readonly buffer Up { float up[]; };
layout(set = 0, binding = 2) writeonly buffer Y { float y[]; };

void main() {
  const uint i = folded_invocation(128u);
  if (i >= p.n_values) return;
  if (p.gated == 1u)
    y[i] = gate_value(gate[i], up[i], p.activation, p.clamp_at);
  else
    y[i] = activated(clamped_gate(gate[i], p.clamp_at), p.activation);
}
