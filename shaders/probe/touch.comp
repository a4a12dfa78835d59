// Almost nothing: what does a dispatch cost? The condition keeps the binding, and with it the barrier, in the kernel.
//   x: u32 [1]
#version 450

#include "params/probe.h"

layout(local_size_x = 128) in;
layout(push_constant) uniform Push { TouchProbeParams p; };
layout(set = 0, binding = 0) buffer X { uint x[]; };

void main() {
  if (p.value != 0u && gl_LocalInvocationIndex == 0u) x[0] = p.value;
}
