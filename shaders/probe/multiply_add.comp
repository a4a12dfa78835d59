// Four independent chains of multiply-adds an invocation: how many a second can the plain instructions do?
//   result: u32 [1], which is written only for a sum that does not occur
// 64 multiply-adds a round: 128 operations.
#version 450

#include "params/probe.h"

layout(local_size_x = 128) in;
layout(push_constant) uniform Push { MultiplyAddProbeParams p; };
layout(set = 0, binding = 0) writeonly buffer Result { uint result[]; };

bool floats() {
  const float a = 0.5 + float(p.seed);
  vec4 x = vec4(gl_LocalInvocationIndex) + vec4(0.0, 1.0, 2.0, 3.0);
  vec4 y = x + 4.0;
  for (uint round = 0u; round < p.n_rounds; ++round) {
    x = fma(x, vec4(a), y); y = fma(y, vec4(a), x);
    x = fma(x, vec4(a), y); y = fma(y, vec4(a), x);
    x = fma(x, vec4(a), y); y = fma(y, vec4(a), x);
    x = fma(x, vec4(a), y); y = fma(y, vec4(a), x);
    x = fma(x, vec4(a), y); y = fma(y, vec4(a), x);
    x = fma(x, vec4(a), y); y = fma(y, vec4(a), x);
    x = fma(x, vec4(a), y); y = fma(y, vec4(a), x);
    x = fma(x, vec4(a), y); y = fma(y, vec4(a), x);
  }
  return x.x + x.y + x.z + x.w + y.x + y.y + y.z + y.w == 0.12345;
}

bool integers() {
  const uint a = 0x9E3779B1u + p.seed;
  uvec4 x = uvec4(gl_LocalInvocationIndex) + uvec4(0u, 1u, 2u, 3u);
  uvec4 y = x + 4u;
  for (uint round = 0u; round < p.n_rounds; ++round) {
    x = x * a + y; y = y * a + x;
    x = x * a + y; y = y * a + x;
    x = x * a + y; y = y * a + x;
    x = x * a + y; y = y * a + x;
    x = x * a + y; y = y * a + x;
    x = x * a + y; y = y * a + x;
    x = x * a + y; y = y * a + x;
    x = x * a + y; y = y * a + x;
  }
  return (x.x ^ x.y ^ x.z ^ x.w ^ y.x ^ y.y ^ y.z ^ y.w) == 0x12345678u;
}

void main() {
  if (p.integers == 1u ? integers() : floats()) result[0] = 1u;
}
