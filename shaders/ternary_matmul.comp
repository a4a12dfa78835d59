// y[r, n] = sum over segments, in order, (weight_scale * x_scale) * float(sum over the segment of trit * q)
//   q: i8 [n_rows / rows_per_x, padded_cols], four to a word; scales: f32 [n_rows / rows_per_x, n_blocks];
//   codes: 2-bit (n_matrices, out_features, padded_cols); weight_scales: f32 (n_matrices, out_features, n_groups), both
//   a window of n_weight_rows rows from first_weight_row; expert_ids: i32 [n_rows], when routed;
//   y: f32 [n_rows, out_features]
// A segment is the finer of a weight group and an activation block. Its sum is an integer, so the order within it is
// free; the float sum over segments is accumulate_segment()'s on every backend, hence bit-identical.
// A workgroup computes kBlock features for kTile rows (lib/team.glsl), an invocation kStep columns at a time, which lie
// in one segment: a quarter byte a weight, 2 operations for each of its kTile outputs (of code * q less q).
// Variants: dot (lib/word_product.glsl)
#version 450

#include "lib/ternary.h"
#include "lib/word_product.glsl"
#include "params/ternary_matmul.h"

layout(constant_id = 3) const uint kStep = 64u;   // 64, or the segment where it is 16 or 32
layout(constant_id = 4) const uint kGroup = 0u;   // columns of a scale of the weight; 0: a row
layout(constant_id = 5) const uint kXGroup = 0u;  // and of x
layout(push_constant) uniform Push { TernaryMatmulParams p; };
layout(set = 0, binding = 0) readonly buffer Q { uvec4 q[]; };  // 16 values each
layout(set = 0, binding = 1) readonly buffer Scales { float scales[]; };
layout(set = 0, binding = 2) readonly buffer Codes { uvec4 codes[]; };  // 64 trits each
layout(set = 0, binding = 3) readonly buffer WeightScales { float weight_scales[]; };
layout(set = 0, binding = 4) readonly buffer ExpertIds { int expert_ids[]; };
layout(set = 0, binding = 5) writeonly buffer Y { float y[]; };

#include "lib/product.glsl"
#include "lib/segments.glsl"

const uint kFiner = kXGroup == 0u ? kGroup : kXGroup < kGroup ? kXGroup : kGroup;
const uint kSegment = kGroup == 0u ? kXGroup : kFiner;  // 0: a row
const uint kMostLanes = kSegment == 0u ? kTeam : kSegment / kStep;
const uint kLanes = kMostLanes > kTeam ? kTeam : kMostLanes;  // that share a segment

uint row_begin[kFeatures];    // of this team's rows, in codes
uint scale_begin[kFinished];  // of the weights, of the outputs of segments.glsl
uint x_scale_begin[kFinished];

// partial += the products of columns c … c + kStep - 1.
void add_products(uint c) {
  uvec4 row_codes[kFeatures];
  for (uint f = 0u; f < kFeatures; ++f) row_codes[f] = codes[row_begin[f] + c / 64u];
  int value_sums[kTile];
  for (uint t = 0u; t < kTile; ++t) value_sums[t] = 0;
  for (uint w = 0u; w < kStep / 16u; ++w) {
    const uint component = kStep == 64u ? w : (c / 16u + w) % 4u;
    for (uint t = 0u; t < kTile; ++t) {
      const uvec4 values = q[row_of_x[t] * (p.padded_cols / 16u) + c / 16u + w];
      value_sums[t] = with_values(value_sums[t], values);
      for (uint f = 0u; f < kFeatures; ++f)
        partial[f * kTile + t] = with_products(partial[f * kTile + t], row_codes[f][component], values);
    }
  }
  for (uint o = 0u; o < kOutputs; ++o) partial[o] -= value_sums[o % kTile];
}

float weight_scale_of(uint slot, uint c) {
  return weight_scales[scale_begin[slot] + (kGroup > 0u ? c / max(kGroup, 1u) : 0u)];
}
float x_scale_of(uint slot, uint c) { return scales[x_scale_begin[slot] + (kXGroup > 0u ? c / max(kXGroup, 1u) : 0u)]; }

void begin_rows(uint first_row, uint first_window_row) {
  for (uint f = 0u; f < kFeatures; ++f) row_begin[f] = weight_row[f] * (p.padded_cols / 64u);
  for (uint i = 0u; i < kFinished; ++i) {
    sums[i] = 0.0;
    scale_begin[i] = window_row(output_of(i), first_window_row) * p.n_groups;
    x_scale_begin[i] = x_row(first_row + output_of(i) % kTile) * p.n_blocks;
  }
}

void compute(uint first_feature, uint first_row, bool matrix_exists, uint first_window_row) {
  const uint segment = kSegment > 0u ? kSegment : p.padded_cols;
  const uint phase = max(segment, kTeam * kStep);  // whole segments, added up together
  begin_rows(first_row, first_window_row);
  for (uint first = 0u; matrix_exists && first < p.padded_cols; first += phase) {
    const uint end = min(first + phase, p.padded_cols);
    for (uint o = 0u; o < kOutputs; ++o) partial[o] = 0;
    for (uint c = first + kStep * team_lane(); c < end; c += kStep * kTeam) add_products(c);
    add_segments(first, end, segment, kLanes, partial);
  }
  for (uint i = 0u; i < kFinished; ++i) {
    const uint o = team_lane() + i * kTeam;
    if (is_output(o, first_feature, first_row, first_window_row)) write_output(o, first_feature, first_row, sums[i]);
  }
}
