// y[r, n] = sum over segments, in order, (weight_scale * x_scale) * float(sum over the segment of trit * q)
//   q: i8 [n_rows / rows_per_x, padded_cols], four to a word; scales: f32 [.., n_blocks];
//   words: 2-bit codes (n_matrices, out_features, padded_cols); weight_scales: f32 (n_matrices, out_features, n_groups);
//   expert_ids: i32 [n_rows], when routed; y: f32 [n_rows, out_features]
// A segment is the finer of a weight group and an activation block. Its sum is an integer, so the order within it is
// free; the float sum over segments is accumulate_segment()'s on every backend, hence bit-identical.
// A team of kTeam invocations computes one output for kTile rows of y, 16 trits at a time: a quarter byte and 2 * kTile
// operations a weight.
#version 450
#extension GL_GOOGLE_include_directive : require

#include "lib/team.glsl"
#include "lib/ternary.h"
#include "params/ternary_matmul.h"

layout(local_size_x = 128) in;
layout(constant_id = 1) const uint kTile = 1u;  // 1 when routed
layout(push_constant) uniform Push { TernaryMatmulParams p; };
layout(set = 0, binding = 0) readonly buffer Q { uvec4 q[]; };  // 16 values each
layout(set = 0, binding = 1) readonly buffer Scales { float scales[]; };
layout(set = 0, binding = 2) readonly buffer Words { uint words[]; };
layout(set = 0, binding = 3) readonly buffer WeightScales { float weight_scales[]; };
layout(set = 0, binding = 4) readonly buffer ExpertIds { int expert_ids[]; };
layout(set = 0, binding = 5) writeonly buffer Y { float y[]; };

// Sum of 16 products; trits 4i … 4i + 3 belong to the bytes of values[i].
int dot16(uint word, uvec4 values) {
  int sum = 0;
  for (uint i = 0u; i < 4u; ++i)
    for (uint b = 0u; b < 4u; ++b) sum += unpack_trit(word, 4u * i + b) * unpack_i8(values[i], b);
  return sum;
}

void main() {
  const uint lane = gl_LocalInvocationIndex % kTeam;
  const uint feature = gl_WorkGroupID.x * (kWorkgroup / kTeam) + gl_LocalInvocationIndex / kTeam;
  const uint first_row = gl_WorkGroupID.y * kTile;
  const uint matrix = p.routed == 1u ? uint(expert_ids[first_row]) : 0u;
  const bool exists = matrix < p.n_matrices;
  const uint stack_row = (exists ? matrix : 0u) * p.out_features + feature;
  const uint weight_row = stack_row - p.first_weight_row;
  const bool bound = feature < p.out_features && weight_row < p.n_weight_rows;
  const bool used = bound && exists;

  float sums[kTile];
  for (uint t = 0u; t < kTile; ++t) sums[t] = 0.0;
  const uint segment = min(p.group_size, p.block);
  for (uint first = 0u; first < p.padded_cols; first += segment) {
    int partial[kTile];
    for (uint t = 0u; t < kTile; ++t) partial[t] = 0;
    if (used) {
      for (uint c = first + 16u * lane; c < first + segment; c += 16u * kTeam) {
        const uint word = words[(weight_row * p.padded_cols + c) / 16u];
        for (uint t = 0u; t < kTile; ++t) {
          const uint row = min(first_row + t, p.n_rows - 1u);
          partial[t] += dot16(word, q[(row / p.rows_per_x * p.padded_cols + c) / 16u]);
        }
      }
    }
    const float weight_scale = used ? weight_scales[stack_row * p.n_groups + first / p.group_size] : 0.0;
    for (uint t = 0u; t < kTile; ++t) {
      const int integer_sum = team_sum(partial[t]);
      const uint row = min(first_row + t, p.n_rows - 1u);
      const float x_scale = scales[row / p.rows_per_x * p.n_blocks + first / p.block];
      if (used) sums[t] = accumulate_segment(sums[t], integer_sum, weight_scale, x_scale);
    }
  }
  for (uint t = 0u; t < kTile; ++t)
    if (bound && lane == 0u && first_row + t < p.n_rows) y[(first_row + t) * p.out_features + feature] = sums[t];
}
