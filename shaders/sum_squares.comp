// Sums of x^2 over 1 / n-th of the values each, n the number of workgroups; sum_squares.total.comp adds them.
//   x: f32 [n_values]; partial: f32 [n]
// A workgroup computes one sum: 4 bytes and 2 operations a value.
#version 450

#include "lib/grid.glsl"
#include "lib/reduce.glsl"
#include "params/sum_squares.h"

layout(push_constant) uniform Push { SumSquaresParams p; };
layout(set = 0, binding = 0) readonly buffer X { float x[]; };
layout(set = 0, binding = 1) writeonly buffer Partial { float partial[]; };

void main() {
  const uint step = gl_NumWorkGroups.x * kWorkgroup;
  float sum = 0.0;
  for (uint i = gl_WorkGroupID.x * kWorkgroup + gl_LocalInvocationIndex; i < p.n_values; i += step) sum += x[i] * x[i];
  sum = workgroup_sum(sum);
  if (gl_LocalInvocationIndex == 0u) partial[gl_WorkGroupID.x] = sum;
}
