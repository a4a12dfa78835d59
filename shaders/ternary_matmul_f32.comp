// y[r, n] = sum over c of x[r / rows_per_x, c] * scale[n, group of c] * trit[n, c]
//   x: f32 [n_rows / rows_per_x, cols]; words: 2-bit codes (n_matrices, out_features, padded_cols);
//   weight_scales: f32 (n_matrices, out_features, n_groups); expert_ids: i32 [n_rows], when routed;
//   y: f32 [n_rows, out_features]
// A team of kTeam invocations computes one output for kTile rows of y, a word of 16 trits at a time: a quarter byte and
// 2 * kTile operations a weight.
#version 450
#extension GL_GOOGLE_include_directive : require

#include "lib/team.glsl"
#include "lib/ternary.h"
#include "params/ternary_matmul_f32.h"

layout(local_size_x = 128) in;
layout(constant_id = 1) const uint kTile = 1u;  // 1 when routed
layout(push_constant) uniform Push { TernaryMatmulF32Params p; };
layout(set = 0, binding = 0) readonly buffer X { float x[]; };
layout(set = 0, binding = 1) readonly buffer Words { uint words[]; };
layout(set = 0, binding = 2) readonly buffer WeightScales { float weight_scales[]; };
layout(set = 0, binding = 3) readonly buffer ExpertIds { int expert_ids[]; };
layout(set = 0, binding = 4) writeonly buffer Y { float y[]; };

void main() {
  const uint lane = gl_LocalInvocationIndex % kTeam;
  const uint feature = gl_WorkGroupID.x * (kWorkgroup / kTeam) + gl_LocalInvocationIndex / kTeam;
  const uint first_row = gl_WorkGroupID.y * kTile;
  const uint matrix = p.routed == 1u ? uint(expert_ids[first_row]) : 0u;
  const bool exists = matrix < p.n_matrices;
  const uint stack_row = (exists ? matrix : 0u) * p.out_features + feature;
  const uint weight_row = stack_row - p.first_weight_row;
  const bool bound = feature < p.out_features && weight_row < p.n_weight_rows;

  float partial[kTile];
  for (uint t = 0u; t < kTile; ++t) partial[t] = 0.0;
  if (bound && exists) {
    for (uint c = 16u * lane; c < p.cols; c += 16u * kTeam) {
      const uint word = words[(weight_row * p.padded_cols + c) / 16u];
      const float scale = weight_scales[stack_row * p.n_groups + c / p.group_size];
      const uint n = min(16u, p.cols - c);
      for (uint t = 0u; t < kTile; ++t) {
        const uint row = min(first_row + t, p.n_rows - 1u);
        const uint at = row / p.rows_per_x * p.cols + c;
        float sum = 0.0;
        for (uint j = 0u; j < n; ++j) sum += x[at + j] * float(unpack_trit(word, j));
        partial[t] += scale * sum;
      }
    }
  }
  for (uint t = 0u; t < kTile; ++t) {
    const float sum = team_sum(partial[t]);
    if (bound && lane == 0u && first_row + t < p.n_rows) y[(first_row + t) * p.out_features + feature] = sum;
  }
}
