// m = momentum m + g, w -= learning_rate (m + weight_decay w); the gradient is cleared. Then lib/shadow_row.glsl.
//   parameter … flips: bindings 0 to 5; gradient, m: f32 [n_rows, cols]; uses: f32 [n_rows / rows_per_matrix], 0: the
//   rows stay
// A workgroup updates a row, an invocation two columns at a time: 24 bytes and about 6 operations a weight.
#version 450

#include "lib/grid.glsl"
#include "lib/shadow_row.glsl"
#include "lib/step.h"
#include "params/sgd_update.h"

layout(push_constant) uniform Push { SgdUpdateParams recorded; };
layout(set = 0, binding = 6) buffer Gradient { float gradient[]; };
layout(set = 0, binding = 7) buffer M { float m[]; };
layout(set = 0, binding = 8) readonly buffer Uses { float uses[]; };
layout(set = 0, binding = 9) readonly buffer Step { StepValues now; };
layout(constant_id = 0) const uint kWithMomentum = 0u;
layout(constant_id = 1) const uint kAtStep = 0u;

SgdUpdateParams p;  // those of the step (lib/step.h)

float stepped(uint row, uint column) {
  if (column >= s.cols) return 0.0;
  const uint at = row * s.cols + column;
  const float w = value_to_update(row, column);
  float direction = straight_through(gradient[at] * p.gradient_scale, w, row, column);
  gradient[at] = 0.0;
  if (still) return w;
  if (kWithMomentum == 1u) {
    direction += p.momentum * m[at];
    m[at] = direction;
  }
  return w - p.learning_rate * (direction + p.weight_decay * w);
}

void main() {
  p = recorded;
  if (kAtStep == 1u) p = at_step(recorded, now);
  const uint row = folded_group();
  if (row >= p.shadow.n_rows) return;
  s = p.shadow;
  still = s.rows_per_matrix > 0u && uses[row / s.rows_per_matrix] == 0.0;
  if (still) s.noise_scale = 0.0;
  for (uint column = 2u * gl_LocalInvocationIndex; column < s.cols; column += 2u * kWorkgroup) {
    const float first = stepped(row, column);
    const float second = stepped(row, column + 1u);
    write_pair(row, column, first, second);
  }
  finish_row(row);
}
