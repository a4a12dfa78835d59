// ds += f'(s) times the sum over its columns of what scale_columns_backward.comp found.
//   products: f32 [dim]; scales, dscales: f32 [dim / columns_of_scale]
// A workgroup computes a scale: 4 bytes and 1 operation a column.
#version 450

#include "lib/column_scale.h"
#include "lib/grid.glsl"
#include "lib/reduce.glsl"
#include "params/scale_columns_backward.h"

layout(push_constant) uniform Push { ScaleColumnsBackwardParams p; };
layout(set = 0, binding = 0) readonly buffer Products { float products[]; };
layout(set = 0, binding = 1) readonly buffer Scales { float scales[]; };
layout(set = 0, binding = 2) buffer Dscales { float dscales[]; };

void main() {
  const uint s = folded_group();
  if (s >= p.dim / p.columns_of_scale) return;
  float sum = 0.0;
  for (uint d = gl_LocalInvocationIndex; d < p.columns_of_scale; d += kWorkgroup)
    sum += products[s * p.columns_of_scale + d];
  sum = workgroup_sum(sum);
  if (gl_LocalInvocationIndex == 0u) dscales[s] += column_scale_slope(scales[s], p.gated) * sum;
}
