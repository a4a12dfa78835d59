// alpha[first + g] = factor * sum of part g of the sums; with momentum, that fraction of what it was.
//   sums: f32 [n_sums], n_groups equal parts; alpha: f32 [first + n_groups or more]
// A workgroup computes one alpha: 4 bytes and one addition a sum.
#version 450

#include "lib/grid.glsl"
#include "lib/reduce.glsl"
#include "lib/rounding.h"
#include "params/absmean.h"

layout(push_constant) uniform Push { AbsmeanParams p; };
layout(set = 0, binding = 0) readonly buffer Sums { float sums[]; };
layout(set = 0, binding = 1) buffer Alpha { float alpha[]; };

void main() {
  const uint group = folded_group();
  if (group >= p.n_groups) return;
  const uint part = p.n_sums / p.n_groups;
  float sum = 0.0;
  for (uint i = gl_LocalInvocationIndex; i < part; i += kWorkgroup) sum += sums[group * part + i];
  sum = workgroup_sum(sum);
  if (gl_LocalInvocationIndex != 0u) return;
  const float stored = alpha[p.first + group];
  float value = sum * p.factor;
  if (p.momentum > 0.0 && stored > 0.0) value = p.momentum * stored + (1.0 - p.momentum) * value;
  alpha[p.first + group] = p.round_to_f16 == 1u ? rounded_to_f16(value) : value;
}
