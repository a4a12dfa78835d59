// y = a + b, element by element.
//   a, b, y: f32 [n_values]
// A workgroup computes 128 values; 12 bytes and 1 addition a value.
#version 450

#include "lib/grid.glsl"
#include "params/add.h"

layout(push_constant) uniform Push { AddParams p; };
layout(set = 0, binding = 0) readonly buffer A { float a[]; };
layout(set = 0, binding = 1) readonly buffer B { float b[]; };
layout(set = 0, binding = 2) writeonly buffer Y { float y[]; };

void main() {
  const uint i = folded_invocation(128u);
  if (i < p.n_values) y[i] = a[i] + b[i];
}
