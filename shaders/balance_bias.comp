// bias_e += rate sign(1 / n - load_e)
//   load, bias: f32 [n_experts]
// A workgroup computes 128 experts: 12 bytes each.
#version 450

#include "lib/grid.glsl"
#include "params/balance_bias.h"

layout(push_constant) uniform Push { BalanceBiasParams p; };
layout(set = 0, binding = 0) readonly buffer Load { float load[]; };
layout(set = 0, binding = 1) buffer Bias { float bias[]; };

void main() {
  const uint e = folded_invocation(128u);
  if (e >= p.n_experts) return;
  const float share = 1.0 / float(p.n_experts);
  if (load[e] < share) bias[e] += p.rate;
  if (load[e] > share) bias[e] -= p.rate;
}
