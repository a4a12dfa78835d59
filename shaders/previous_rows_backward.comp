// dx[t] = dy[t + 1] where that is the next token of t's sequence, else 0
//   dy, dx: f32 [n_tokens, dim]; rows: position, start [n_tokens]
// A workgroup computes 128 values: 8 bytes each (12 into a sum).
#version 450

#include "lib/grid.glsl"
#include "params/previous_rows_backward.h"

layout(push_constant) uniform Push { PreviousRowsBackwardParams p; };
layout(set = 0, binding = 0) readonly buffer Dy { float dy[]; };
layout(set = 0, binding = 1) readonly buffer Rows { uvec2 rows[]; };
layout(set = 0, binding = 2) buffer Dx { float dx[]; };

#include "lib/sequence_rows.glsl"

void main() {
  const uint i = folded_invocation(128u);
  if (i >= p.n_tokens * p.dim) return;
  const uint t = i / p.dim;
  const float gradient = t + 1u < p.n_tokens && is_followed(t) ? dy[i + p.dim] : 0.0;
  dx[i] = p.accumulate == 1u ? dx[i] + gradient : gradient;
}
