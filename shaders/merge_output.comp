// y = W q(norm(x)), x what the splits of attention found, merged (merge_splits.comp); without a norm W q(x).
//   parts: f32 [n_heads, n_splits, value_dim + 2]; norm_weight: f32 [n_heads * value_dim]; codes: 2-bit [out_features,
//   padded_cols]; scales: f32 [out_features, n_groups]; y: f32 [out_features]
// A workgroup merges and quantises all heads for itself, then computes kBlock features (lib/team.glsl): a quarter byte
// a weight, 8 n_splits bytes a column out of a cache.
// Variants: dot (lib/word_product.glsl)
#version 450
#extension GL_EXT_control_flow_attributes : require

#include "params/merge_output.h"

layout(push_constant) uniform Push { MergeOutputParams p; };
layout(set = 0, binding = 0) readonly buffer Parts { float parts[]; };
layout(set = 0, binding = 1) readonly buffer NormWeight { float norm_weight[]; };
layout(set = 0, binding = 2) readonly buffer Codes { uvec4 codes[]; };  // 64 trits each
layout(set = 0, binding = 3) readonly buffer Scales { float scales[]; };
layout(set = 0, binding = 4) writeonly buffer Y { float y[]; };

#include "lib/normed_row.glsl"
#include "lib/own_codes.glsl"
#include "lib/softmax.h"
#include "lib/splits.h"

layout(constant_id = 6) const uint kHeads = 1u;
layout(constant_id = 7) const uint kSplits = 1u;
layout(constant_id = 8) const uint kValueDim = 1u;
const uint kParts = kHeads * kSplits;
const uint kPartSize = kValueDim + 2u;
const uint kAtOnce = 4u;              // splits whose sums are loaded before the first is used
shared float weight_of_part[kParts];  // what a split's sums are multiplied with when they are merged
shared float correction_of[kParts];   // and those before it
shared float sum_of_head[kHeads];     // of exponentials

const float kBelowScores = -1.6e38;

vec4 of_split(uvec4 at) { return vec4(parts[at.x], parts[at.y], parts[at.z], parts[at.w]); }

void merge(inout vec4 mixes, vec4 values, uvec4 part) {
  for (uint i = 0u; i < 4u; ++i)
    mixes[i] = merged_sum(mixes[i], correction_of[part[i]], values[i], weight_of_part[part[i]]);
}

// What the splits found, merged.
vec4 raw_values(uint row, uvec4 columns) {
  const uvec4 heads = columns / kValueDim;
  uvec4 part = heads * kSplits;
  uvec4 at = part * kPartSize + columns % kValueDim;  // part_of()
  vec4 mixes = vec4(0.0);
  [[dont_unroll]] for (uint s = 0u; s < kSplits / kAtOnce; ++s) {
    vec4 of_splits[kAtOnce];
    for (uint j = 0u; j < kAtOnce; ++j) of_splits[j] = of_split(at + j * kPartSize);
    for (uint j = 0u; j < kAtOnce; ++j) merge(mixes, of_splits[j], part + j);
    part += kAtOnce;
    at += kAtOnce * kPartSize;
  }
  for (uint s = kSplits / kAtOnce * kAtOnce; s < kSplits; ++s, ++part, at += kPartSize)
    merge(mixes, of_split(at), part);
  for (uint i = 0u; i < 4u; ++i) mixes[i] /= sum_of_head[heads[i]];
  return mixes;
}

vec4 own_values(uint row, uvec4 columns) {
  return p.with_norm == 1u ? normed_values(row, columns) : raw_values(row, columns);
}

uvec4 weight_words(uint index) { return codes[index]; }
float weight_scale(uint index) { return scales[index]; }

void weigh_parts() {
  for (uint at = gl_LocalInvocationIndex; at < kHeads * kSplits; at += kWorkgroup) {
    const uint end = part_of(at / kSplits, at % kSplits, kSplits, kValueDim) + kValueDim;
    weight_of_part[at] = parts[end];      // for now the largest score
    correction_of[at] = parts[end + 1u];  // and the sum of exponentials
  }
  barrier();
  for (uint head = gl_LocalInvocationIndex; head < kHeads; head += kWorkgroup) {
    float largest = kBelowScores;
    float sum = 0.0;
    for (uint at = head * kSplits; at < (head + 1u) * kSplits; ++at) {
      const float score = weight_of_part[at], of_split = correction_of[at];
      const float new_largest = with_split(largest, score, of_split);
      correction_of[at] = softmax_term(largest, new_largest);
      weight_of_part[at] = weight_of_split(score, of_split, new_largest);
      sum = merged_sum(sum, correction_of[at], of_split, weight_of_part[at]);
      largest = new_largest;
    }
    sum_of_head[head] = sum;
  }
  barrier();
}

void main() {
  weigh_parts();
  const uint cols = kHeads * kValueDim;
  if (p.with_norm == 1u) measure_row(0u, cols, p.eps);
  make_codes(0u, 0u, cols);
  const uint first_feature = gl_WorkGroupID.x * kBlock + team_feature();
  for (uint f = 0u; f < kFeatures; ++f) weight_row[f] = min(first_feature + f, p.out_features - 1u);
  multiply(p.group_size, p.n_groups);
  for (uint i = 0u; i < kFinished; ++i) {
    const uint o = team_lane() + i * kTeam;
    if (o < kFeatures && first_feature + o < p.out_features) y[first_feature + o] = sums[i];
  }
}
