// dz = f(s) dy, and over the rows of each column the sum of dy z, for scale_columns_backward.scales.comp.
//   z, dy, dz: f32 [n_rows, dim]; scales: f32 [dim / columns_of_scale]; products: f32 [dim]
// A workgroup computes 16 columns (64 bytes, what a read brings in), each with 8 invocations that take every eighth
// row: 12 bytes (16 into a sum) and 3 operations a value.
#version 450

#include "lib/column_scale.h"
#include "lib/grid.glsl"
#include "params/scale_columns_backward.h"

layout(push_constant) uniform Push { ScaleColumnsBackwardParams p; };
layout(set = 0, binding = 0) readonly buffer Z { float z[]; };
layout(set = 0, binding = 1) readonly buffer Scales { float scales[]; };
layout(set = 0, binding = 2) readonly buffer Dy { float dy[]; };
layout(set = 0, binding = 3) buffer Dz { float dz[]; };
layout(set = 0, binding = 4) writeonly buffer Products { float products[]; };

const uint kColumns = 16u;
const uint kShares = 8u;   // of the rows
const uint kAtOnce = 16u;  // rows of a share that are summed by themselves: their errors do not add up to a long sum's

shared float share_of_sum[kShares * kColumns];

void main() {
  const uint share = gl_LocalInvocationIndex / kColumns;
  const uint column = folded_group() * kColumns + gl_LocalInvocationIndex % kColumns;
  float sum = 0.0;
  if (column < p.dim) {
    const float scale = column_scale(scales[column / p.columns_of_scale], p.gated);
    for (uint first = share; first < p.n_rows; first += kShares * kAtOnce) {
      float part = 0.0;
      for (uint n = 0u; n < kAtOnce; ++n) {
        const uint row = first + n * kShares;
        if (row >= p.n_rows) break;
        const uint i = row * p.dim + column;
        part += dy[i] * z[i];
        dz[i] = p.accumulate == 1u ? dz[i] + scale * dy[i] : scale * dy[i];
      }
      sum += part;
    }
  }
  share_of_sum[gl_LocalInvocationIndex] = sum;
  barrier();
  if (share > 0u || column >= p.dim) return;
  for (uint s = 1u; s < kShares; ++s) sum += share_of_sum[s * kColumns + gl_LocalInvocationIndex];
  products[column] = sum;
}
