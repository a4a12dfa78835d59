// load[e] = slots that chose expert e / all slots.
//   expert_ids: i32 [n_slots]; load: f32 [n_experts]
// A workgroup counts one expert: 4 bytes and one comparison a slot.
#version 450

#include "lib/grid.glsl"
#include "lib/reduce.glsl"
#include "params/expert_load.h"

layout(push_constant) uniform Push { ExpertLoadParams p; };
layout(set = 0, binding = 0) readonly buffer ExpertIds { int expert_ids[]; };
layout(set = 0, binding = 1) writeonly buffer Load { float load[]; };

void main() {
  const uint expert = folded_group();
  if (expert >= p.n_experts) return;
  uint count = 0u;
  for (uint slot = gl_LocalInvocationIndex; slot < p.n_slots; slot += kWorkgroup)
    if (expert_ids[slot] == int(expert)) ++count;
  const float total = workgroup_sum(float(count));  // exact: counts are below 2^24
  if (gl_LocalInvocationIndex == 0u) load[expert] = total / float(p.n_slots);
}
