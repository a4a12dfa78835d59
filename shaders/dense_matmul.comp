// y[r, n] = sum over c of x[r / rows_per_x, c] * weight[matrix of r, n, c]
//   x: f32 [n_rows / rows_per_x, cols]; weight: f32, f16 or bf16 (n_matrices, out_features, row_stride);
//   expert_ids: i32 [n_rows], when routed; y: f32 [n_rows, out_features]
// A team of kTeam invocations computes one output for kTile rows of y, so that a weight is read once for all of them:
// 2 or 4 bytes and 2 * kTile operations a weight.
#version 450
#extension GL_GOOGLE_include_directive : require

#include "lib/team.glsl"
#include "params/dense_matmul.h"

layout(local_size_x = 128) in;
layout(constant_id = 1) const uint kTile = 1u;  // 1 when routed
layout(push_constant) uniform Push { DenseMatmulParams p; };
layout(set = 0, binding = 0) readonly buffer X { float x[]; };
layout(set = 0, binding = 1) readonly buffer WeightPlane { uint weight_words[]; };
layout(set = 0, binding = 2) readonly buffer ExpertIds { int expert_ids[]; };
layout(set = 0, binding = 3) writeonly buffer Y { float y[]; };

#include "lib/dense_weight.glsl"

void main() {
  const uint lane = gl_LocalInvocationIndex % kTeam;
  const uint feature = gl_WorkGroupID.x * (kWorkgroup / kTeam) + gl_LocalInvocationIndex / kTeam;
  const uint first_row = gl_WorkGroupID.y * kTile;
  const uint matrix = p.routed == 1u ? uint(expert_ids[first_row]) : 0u;
  const bool exists = matrix < p.n_matrices;
  const uint weight_row = (exists ? matrix : 0u) * p.out_features + feature - p.first_weight_row;
  const bool bound = feature < p.out_features && weight_row < p.n_weight_rows;
  const uint start = weight_row * p.row_stride;

  float partial[kTile];
  for (uint t = 0u; t < kTile; ++t) partial[t] = 0.0;
  if (bound && exists) {
    for (uint c = 2u * lane; c < p.cols; c += 2u * kTeam) {
      const vec2 w = dense_pair(p.dtype, (start + c) / 2u);
      const bool odd_end = c + 1u == p.cols;
      for (uint t = 0u; t < kTile; ++t) {
        const uint row = min(first_row + t, p.n_rows - 1u);
        const uint at = row / p.rows_per_x * p.cols + c;
        partial[t] += x[at] * w.x + (odd_end ? 0.0 : x[at + 1u] * w.y);
      }
    }
  }
  for (uint t = 0u; t < kTile; ++t) {
    const float sum = team_sum(partial[t]);
    if (bound && lane == 0u && first_row + t < p.n_rows) y[(first_row + t) * p.out_features + feature] = sum;
  }
}
