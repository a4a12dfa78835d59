// y = a_scale a + b_scale b, element by element; y may be the same memory as a or b.
//   a, b, y: f32 [n_values]
// A workgroup computes 128 values; 12 bytes and 3 operations a value.
#version 450

#include "lib/grid.glsl"
#include "lib/step.h"
#include "params/scaled_add.h"

layout(push_constant) uniform Push { ScaledAddParams recorded; };
layout(set = 0, binding = 0) readonly buffer A { float a[]; };
layout(set = 0, binding = 1) readonly buffer B { float b[]; };
layout(set = 0, binding = 2) writeonly buffer Y { float y[]; };
layout(set = 0, binding = 3) readonly buffer Step { StepValues now; };
layout(constant_id = 0) const uint kAtStep = 0u;

ScaledAddParams p;  // those of the step (lib/step.h)

void main() {
  p = recorded;
  if (kAtStep == 1u) p = at_step(recorded, now);
  const uint i = folded_invocation(128u);
  if (i < p.n_values) y[i] = p.a_scale * a[i] + p.b_scale * b[i];
}
