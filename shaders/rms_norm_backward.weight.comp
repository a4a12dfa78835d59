// dweight += sum over rows of dy x r, with r from rms_norm_backward.comp.
//   x, dy: f32 [n_rows, dim]; inverse_rms: f32 [n_rows]; dweight: f32 [dim]
// A workgroup computes 16 columns (64 bytes, what a read brings in), each with 8 invocations that take every eighth
// row: 8 bytes and 3 operations a value of x.
#version 450

#include "lib/grid.glsl"
#include "params/rms_norm_backward.h"

layout(push_constant) uniform Push { RmsNormBackwardParams p; };
layout(set = 0, binding = 0) readonly buffer X { float x[]; };
layout(set = 0, binding = 1) readonly buffer Dy { float dy[]; };
layout(set = 0, binding = 2) readonly buffer InverseRms { float inverse_rms[]; };
layout(set = 0, binding = 3) buffer Dweight { float dweight[]; };

const uint kColumns = 16u;
const uint kShares = 8u;   // of the rows
const uint kAtOnce = 16u;  // rows of a share that are summed by themselves: their errors do not add up to a long sum's

shared float share_of_sum[kShares * kColumns];

void main() {
  const uint share = gl_LocalInvocationIndex / kColumns;
  const uint column = folded_group() * kColumns + gl_LocalInvocationIndex % kColumns;
  float sum = 0.0;
  if (column < p.dim)
    for (uint first = share; first < p.n_rows; first += kShares * kAtOnce) {
      float part = 0.0;
      for (uint i = 0u; i < kAtOnce; ++i) {
        const uint row = first + i * kShares;
        if (row < p.n_rows) part += dy[row * p.dim + column] * x[row * p.dim + column] * inverse_rms[row];
      }
      sum += part;
    }
  share_of_sum[gl_LocalInvocationIndex] = sum;
  barrier();
  if (share > 0u || column >= p.dim) return;
  for (uint s = 1u; s < kShares; ++s) sum += share_of_sum[s * kColumns + gl_LocalInvocationIndex];
  dweight[column] += sum;
}
