// sums[index] = sum of the partial sums.
//   partial: f32 [n_values]; sums: f32 [more than index]
// One workgroup; a few hundred values.
#version 450

#include "lib/reduce.glsl"
#include "params/sum_squares.h"

layout(push_constant) uniform Push { SumSquaresParams p; };
layout(set = 0, binding = 0) readonly buffer Partial { float partial[]; };
layout(set = 0, binding = 1) buffer Sums { float sums[]; };

void main() {
  float sum = 0.0;
  for (uint i = gl_LocalInvocationIndex; i < p.n_values; i += kWorkgroup) sum += partial[i];
  sum = workgroup_sum(sum);
  if (gl_LocalInvocationIndex == 0u) sums[p.index] = sum;
}
