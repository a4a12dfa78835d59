// Of each four columns 16 apart the signs of three, those of the largest |w|; alpha = their mean |w|, over each group
// of columns of a row.
//   parameter: f32, bf16 or i8 [n_rows, row_stride]; y: f32 [n_rows, row_stride]; alpha: f32 [n_rows, n_groups]
// A workgroup takes a group: 8 (6) bytes a weight.
#version 450

#include "lib/grid.glsl"
#include "lib/parameter.glsl"
#include "lib/reduce.glsl"
#include "lib/rounding.h"
#include "lib/sparse_signs.h"
#include "params/sparse_signs.h"

layout(push_constant) uniform Push { SparseSignsParams p; };
layout(set = 0, binding = 0) readonly buffer Parameter { uint parameter[]; };
layout(set = 0, binding = 1) writeonly buffer Y { float y[]; };
layout(set = 0, binding = 2) writeonly buffer Alpha { float alpha[]; };

float weight_at(uint at) { return parameter_value(p.plane, parameter[parameter_word(p.plane, at)], at); }

void main() {
  const uint group = folded_group();
  if (group >= p.n_rows * p.n_groups) return;
  const uint first = group / p.n_groups * p.plane.row_stride + group % p.n_groups * p.group_size;
  precise float sum = 0.0;
  for (uint f = gl_LocalInvocationIndex; f < p.group_size / 4u; f += kWorkgroup) {
    const uint at = first + f / 16u * 64u + f % 16u;
    const vec4 w = vec4(weight_at(at), weight_at(at + 16u), weight_at(at + 32u), weight_at(at + 48u));
    const uint dropped = least_of_four(w.x, w.y, w.z, w.w);
    for (uint i = 0u; i < 4u; ++i) y[at + 16u * i] = i == dropped ? 0.0 : (w[i] < 0.0 ? -1.0 : 1.0);
    sum += sum_but_least(w.x, w.y, w.z, w.w);
  }
  precise float mean = workgroup_sum(sum) * p.per_kept;
  if (gl_LocalInvocationIndex == 0u) alpha[group] = p.round_to_f16 == 1u ? rounded_to_f16(mean) : mean;
}
