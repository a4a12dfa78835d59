// Reductions over a workgroup of kWorkgroup invocations, in a fixed order: the same bits every time. Every invocation of
// the workgroup must call them. GLSL only.
#ifndef TRITIUM_LIB_REDUCE_GLSL
#define TRITIUM_LIB_REDUCE_GLSL

#include "grid.glsl"

shared float reduce_scratch[kWorkgroup];

float workgroup_sum(float value) {
  const uint lane = gl_LocalInvocationIndex;
  reduce_scratch[lane] = value;
  for (uint half_width = kWorkgroup / 2u; half_width > 0u; half_width /= 2u) {
    barrier();
    if (lane < half_width) reduce_scratch[lane] += reduce_scratch[lane + half_width];
  }
  barrier();
  const float sum = reduce_scratch[0];
  barrier();  // the scratch may be used again
  return sum;
}

float workgroup_max(float value) {
  const uint lane = gl_LocalInvocationIndex;
  reduce_scratch[lane] = value;
  for (uint half_width = kWorkgroup / 2u; half_width > 0u; half_width /= 2u) {
    barrier();
    if (lane < half_width) reduce_scratch[lane] = max(reduce_scratch[lane], reduce_scratch[lane + half_width]);
  }
  barrier();
  const float largest = reduce_scratch[0];
  barrier();
  return largest;
}

#endif
