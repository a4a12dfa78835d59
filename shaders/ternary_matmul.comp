// y[r, n] = sum over segments, in order, (weight_scale * x_scale) * float(sum over the segment of trit * q)
//   q: i8 [n_rows / rows_per_x, padded_cols], four to a word; scales: f32 [n_rows / rows_per_x, n_blocks];
//   codes: 2-bit (n_matrices, out_features, padded_cols); weight_scales: f32 (n_matrices, out_features, n_groups), both
//   a window of n_weight_rows rows from first_weight_row; expert_ids: i32 [n_rows], when routed;
//   y: f32 [n_rows, out_features]
// A segment is the finer of a weight group and an activation block. Its sum is an integer, so the order within it is
// free; the float sum over segments is accumulate_segment()'s on every backend, hence bit-identical.
// A workgroup computes kBlock features for kTile rows (lib/team.glsl), an invocation kStep columns at a time, which lie
// in one segment: a quarter byte a weight, 2 operations for each of its kTile outputs (sum of code * q, less that of q).
// Variants: dot (lib/word_product.glsl)
#version 450

#include "lib/ternary.h"
#include "lib/word_product.glsl"
#include "params/ternary_matmul.h"

layout(constant_id = 3) const uint kStep = 64u;  // 64, or the segment where it is 16 or 32
layout(push_constant) uniform Push { TernaryMatmulParams p; };
layout(set = 0, binding = 0) readonly buffer Q { uvec4 q[]; };  // 16 values each
layout(set = 0, binding = 1) readonly buffer Scales { float scales[]; };
layout(set = 0, binding = 2) readonly buffer Codes { uvec4 codes[]; };  // 64 trits each
layout(set = 0, binding = 3) readonly buffer WeightScales { float weight_scales[]; };
layout(set = 0, binding = 4) readonly buffer ExpertIds { int expert_ids[]; };
layout(set = 0, binding = 5) writeonly buffer Y { float y[]; };

#include "lib/product.glsl"

int partial[kOutputs];     // over this invocation's columns of a phase
uint row_begin[kFeatures];  // of this team's rows, in codes

// partial += the products of columns c … c + kStep - 1.
void add_products(uint c) {
  uvec4 row_codes[kFeatures];
  for (uint f = 0u; f < kFeatures; ++f) row_codes[f] = codes[row_begin[f] + c / 64u];
  for (uint w = 0u; w < kStep / 16u; ++w) {
    const uint component = kStep == 64u ? w : (c / 16u + w) % 4u;
    for (uint t = 0u; t < kTile; ++t) {
      const uvec4 values = q[row_of_x[t] * (p.padded_cols / 16u) + c / 16u + w];
      const int value_sum = sum_of_values(values);
      for (uint f = 0u; f < kFeatures; ++f)
        partial[f * kTile + t] += sum_of_products(row_codes[f][component], values) - value_sum;
    }
  }
}

// Adds the segments of columns first … end - 1, in order, to the sum of output o.
float add_segments(float sum, uint o, uint segment, uint first, uint end, uint first_window_row) {
  const uint scales_of_row = (first_window_row + team_feature() + o / kTile) * p.n_groups;
  const uint scales_of_x = row_of_x[o % kTile] * p.n_blocks;
  const uint lanes = min(kTeam, segment / kStep);  // that share a segment
  for (uint s = first; s < end; s += segment) {
    int integer_sum = 0;
    for (uint l = 0u; l < lanes; ++l) integer_sum += published((s - first) / kStep + l, o);
    sum = accumulate_segment(sum, integer_sum, weight_scales[scales_of_row + s / p.group_size],
                             scales[scales_of_x + s / p.block]);
  }
  return sum;
}

void compute(uint first_feature, uint first_row, bool matrix_exists, uint first_window_row) {
  const uint segment = min(p.group_size, p.block);
  const uint phase = max(segment, kTeam * kStep);  // whole segments, added up together
  float sums[kFinished];
  for (uint i = 0u; i < kFinished; ++i) sums[i] = 0.0;
  for (uint f = 0u; f < kFeatures; ++f) row_begin[f] = weight_row[f] * (p.padded_cols / 64u);
  for (uint first = 0u; matrix_exists && first < p.padded_cols; first += phase) {
    const uint end = min(first + phase, p.padded_cols);
    for (uint o = 0u; o < kOutputs; ++o) partial[o] = 0;
    for (uint c = first + kStep * team_lane(); c < end; c += kStep * kTeam) add_products(c);
    barrier();  // the last phase's sums have been read
    for (uint o = 0u; o < kOutputs; ++o) team_scratch[gl_LocalInvocationIndex * kScratchStride + o] = partial[o];
    barrier();
    for (uint i = 0u; i < kFinished; ++i) {
      const uint o = team_lane() + i * kTeam;
      if (is_output(o, first_feature, first_row, first_window_row))
        sums[i] = add_segments(sums[i], o, segment, first, end, first_window_row);
    }
  }
  for (uint i = 0u; i < kFinished; ++i) {
    const uint o = team_lane() + i * kTeam;
    if (is_output(o, first_feature, first_row, first_window_row)) write_output(o, first_feature, first_row, sums[i]);
  }
}
