// Reads a buffer again and again and does nothing with it: how fast can a kernel read from memory or a cache?
//   words: uvec4 [n_vectors]; result: u32 [1], which is written only when the words have an XOR that they never have
// All invocations read 16 bytes side by side, then the next so many bytes, and begin again at the end of the buffer: of a
// small one each byte is read by many of them.
#version 450

#include "params/probe.h"

layout(local_size_x = 128) in;
layout(push_constant) uniform Push { ReadProbeParams p; };
layout(set = 0, binding = 0) readonly buffer Words { uvec4 words[]; };
layout(set = 0, binding = 1) writeonly buffer Result { uint result[]; };

void main() {
  const uint step = gl_NumWorkGroups.x * 128u;
  const uint mask = p.n_vectors - 1u;
  uint i = gl_GlobalInvocationID.x;
  uvec4 sum = uvec4(0u);
  for (uint round = 0u; round < p.n_rounds; ++round) {
    const uvec4 a = words[i & mask];
    const uvec4 b = words[(i + step) & mask];
    const uvec4 c = words[(i + 2u * step) & mask];
    const uvec4 d = words[(i + 3u * step) & mask];
    sum ^= a ^ b ^ c ^ d;
    i += 4u * step + 128u;  // not the same place again where the buffer is no longer than a step
  }
  if ((sum.x ^ sum.y ^ sum.z ^ sum.w) == 0x9E3779B9u) result[0] = 1u;
}
