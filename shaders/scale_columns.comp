// y = x + f(s) z, f the identity or the sigmoid, with one s for columns_of_scale neighbours of a row
//   z, x, y: f32 [n_rows, dim]; scales: f32 [dim / columns_of_scale]
// A workgroup computes 128 values; 12 bytes and up to 6 operations a value.
#version 450

#include "lib/column_scale.h"
#include "lib/grid.glsl"
#include "params/scale_columns.h"

layout(push_constant) uniform Push { ScaleColumnsParams p; };
layout(set = 0, binding = 0) readonly buffer Z { float z[]; };
layout(set = 0, binding = 1) readonly buffer Scales { float scales[]; };
layout(set = 0, binding = 2) readonly buffer X { float x[]; };
layout(set = 0, binding = 3) writeonly buffer Y { float y[]; };

void main() {
  const uint i = folded_invocation(128u);
  if (i >= p.n_rows * p.dim) return;
  const float scaled = column_scale(scales[i % p.dim / p.columns_of_scale], p.gated) * z[i];
  y[i] = p.adds == 1u ? x[i] + scaled : scaled;
}
