// y = W q(norm(x)), x what the splits of attention found, merged (merge_splits.comp); without a norm W q(x).
//   parts: f32 [n_heads, n_splits, value_dim + 2]; norm_weight: f32 [n_heads * value_dim]; codes: 2-bit [out_features,
//   padded_cols]; scales: f32 [out_features, n_groups]; y: f32 [out_features]
// A workgroup merges and quantises all heads for itself, then computes kBlock features (lib/team.glsl): a quarter byte
// a weight, 8 n_splits bytes a column out of a cache.
// Variants: dot (lib/word_product.glsl)
#version 450

#include "params/merge_output.h"

layout(push_constant) uniform Push { MergeOutputParams p; };
layout(set = 0, binding = 0) readonly buffer Parts { float parts[]; };
layout(set = 0, binding = 1) readonly buffer NormWeight { float norm_weight[]; };
layout(set = 0, binding = 2) readonly buffer Codes { uvec4 codes[]; };  // 64 trits each
layout(set = 0, binding = 3) readonly buffer Scales { float scales[]; };
layout(set = 0, binding = 4) writeonly buffer Y { float y[]; };

#include "lib/own_codes.glsl"
#include "lib/reduce.glsl"
#include "lib/softmax.h"
#include "lib/splits.h"

layout(constant_id = 5) const uint kParts = 1u;  // heads times splits
shared float weight_of_part[kParts];  // what a split's sums are multiplied with when they are merged
shared float correction_of[kParts];   // and those before it
shared float sum_of_head[kParts];     // of exponentials; the first n_heads of them

const float kBelowScores = -1.6e38;
float inverse_rms = 1.0;

float merged_value(uint column) {
  const uint head = column / p.splits.value_dim;
  const uint c = column % p.splits.value_dim;
  float mix = 0.0;
  for (uint s = 0u; s < p.splits.n_splits; ++s) {
    const uint at = head * p.splits.n_splits + s;
    mix = merged_sum(mix, correction_of[at], parts[part_of(head, s, p.splits.n_splits, p.splits.value_dim) + c],
                     weight_of_part[at]);
  }
  return mix / sum_of_head[head];
}

float own_value(uint row, uint column) {
  const float value = merged_value(column);
  return p.with_norm == 1u ? value * inverse_rms * norm_weight[column] : value;
}

uvec4 weight_words(uint index) { return codes[index]; }
float weight_scale(uint index) { return scales[index]; }

void weigh_parts() {
  for (uint head = gl_LocalInvocationIndex; head < p.splits.n_heads; head += kWorkgroup) {
    float largest = kBelowScores;
    float sum = 0.0;
    for (uint s = 0u; s < p.splits.n_splits; ++s) {
      const uint end = part_of(head, s, p.splits.n_splits, p.splits.value_dim) + p.splits.value_dim;
      const float new_largest = with_split(largest, parts[end], parts[end + 1u]);
      const uint at = head * p.splits.n_splits + s;
      correction_of[at] = softmax_term(largest, new_largest);
      weight_of_part[at] = weight_of_split(parts[end], parts[end + 1u], new_largest);
      sum = merged_sum(sum, correction_of[at], parts[end + 1u], weight_of_part[at]);
      largest = new_largest;
    }
    sum_of_head[head] = sum;
  }
  barrier();
}

void main() {
  weigh_parts();
  const uint cols = p.splits.n_heads * p.splits.value_dim;
  if (p.with_norm == 1u) {
    float squares = 0.0;
    for (uint d = gl_LocalInvocationIndex; d < cols; d += kWorkgroup) {
      const float value = merged_value(d);
      squares += value * value;
    }
    inverse_rms = 1.0 / sqrt(workgroup_sum(squares) / float(cols) + p.eps);
  }
  const float x_scale = quantise_row(0u, cols, p.padded_cols, 0u);
  const uint first_feature = gl_WorkGroupID.x * kBlock + team_feature();
  for (uint f = 0u; f < kFeatures; ++f) weight_row[f] = min(first_feature + f, p.out_features - 1u);
  float sums[kFinished];
  multiply(0u, p.padded_cols, p.group_size, p.n_groups, x_scale, sums);
  for (uint i = 0u; i < kFinished; ++i) {
    const uint o = team_lane() + i * kTeam;
    if (o < kFeatures && first_feature + o < p.out_features) y[first_feature + o] = sums[i];
  }
}
