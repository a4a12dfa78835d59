// bound = 2 * 0.7 mean |w|, alpha = the mean of the |w| with 2 |w| > bound: of each row.
//   parameter: f32, bf16 or i8 [n_rows, row_stride]; alpha, bound: f32 [n_rows]
// A workgroup reads a row twice: 8 (4) bytes and 4 operations a weight.
#version 450

#include "lib/grid.glsl"
#include "lib/parameter.glsl"
#include "lib/reduce.glsl"
#include "lib/rounding.h"
#include "params/threshold_scales.h"

layout(push_constant) uniform Push { ThresholdScalesParams p; };
layout(set = 0, binding = 0) readonly buffer Parameter { uint parameter[]; };
layout(set = 0, binding = 1) writeonly buffer Alpha { float alpha[]; };
layout(set = 0, binding = 2) writeonly buffer Bound { float bound[]; };

float magnitude_at(uint at) { return abs(parameter_value(p.plane, parameter[parameter_word(p.plane, at)], at)); }

void main() {
  const uint row = folded_group();
  if (row >= p.n_rows) return;
  const uint first = row * p.plane.row_stride;
  float sum = 0.0;
  for (uint c = gl_LocalInvocationIndex; c < p.cols; c += kWorkgroup) sum += magnitude_at(first + c);
  const float limit = 1.4 * workgroup_sum(sum) / float(p.cols);
  float kept = 0.0, n_kept = 0.0;
  for (uint c = gl_LocalInvocationIndex; c < p.cols; c += kWorkgroup) {
    const float w = magnitude_at(first + c);
    if (2.0 * w > limit) {
      kept += w;
      n_kept += 1.0;
    }
  }
  kept = workgroup_sum(kept);
  n_kept = workgroup_sum(n_kept);
  if (gl_LocalInvocationIndex != 0u) return;
  const float mean = n_kept > 0.0 ? kept / n_kept : 0.0;
  alpha[row] = p.round_to_f16 == 1u ? rounded_to_f16(mean) : mean;
  bound[row] = limit;
}
