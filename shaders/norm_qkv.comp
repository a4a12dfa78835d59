// y_i = W_i q(norm(x + branch)) for up to three weights of one input: q, k and v, or gate and up, or the one that
// attention's result goes through; sum = x + branch. q: int8 codes a row (quantize_activations.comp). Without a branch
// x alone, without a norm what is added.
//   x, branch, sum: f32 [n_rows, dim]; norm_weight: f32 [dim]; codes_i: 2-bit [out_i, padded_cols]; scales_i: f32
//   [out_i, groups_i]; y_i: f32 [n_rows, out_i]
// A workgroup norms and quantises a row for itself, then computes kBlock features of one of the weights
// (lib/team.glsl): a quarter byte a weight, 12 bytes a column of x out of a cache.
// Variants: dot (lib/word_product.glsl)
#version 450

#include "params/norm_qkv.h"

layout(push_constant) uniform Push { NormQkvParams p; };
layout(set = 0, binding = 0) readonly buffer X { float x[]; };
layout(set = 0, binding = 1) readonly buffer Branch { float branch[]; };
layout(set = 0, binding = 2) readonly buffer NormWeight { float norm_weight[]; };
layout(set = 0, binding = 3) readonly buffer Codes0 { uvec4 codes_0[]; };  // 64 trits each
layout(set = 0, binding = 4) readonly buffer Scales0 { float scales_0[]; };
layout(set = 0, binding = 5) readonly buffer Codes1 { uvec4 codes_1[]; };
layout(set = 0, binding = 6) readonly buffer Scales1 { float scales_1[]; };
layout(set = 0, binding = 7) readonly buffer Codes2 { uvec4 codes_2[]; };
layout(set = 0, binding = 8) readonly buffer Scales2 { float scales_2[]; };
layout(set = 0, binding = 9) writeonly buffer Sum { float sum_of_both[]; };
layout(set = 0, binding = 10) writeonly buffer Y0 { float y_0[]; };
layout(set = 0, binding = 11) writeonly buffer Y1 { float y_1[]; };
layout(set = 0, binding = 12) writeonly buffer Y2 { float y_2[]; };

#include "lib/branched_row.glsl"
#include "lib/normed_row.glsl"
#include "lib/own_codes.glsl"

uint weight = 0u;  // whose features the workgroup computes

vec4 raw_values(uint row, uvec4 columns) { return added_values(row * p.dim, columns, p.with_branch == 1u); }

vec4 own_values(uint row, uvec4 columns) {
  return p.with_norm == 1u ? normed_values(row, columns) : raw_values(row, columns);
}

uvec4 weight_words(uint index) {
  return weight == 0u ? codes_0[index] : weight == 1u ? codes_1[index] : codes_2[index];
}

float weight_scale(uint index) {
  return weight == 0u ? scales_0[index] : weight == 1u ? scales_1[index] : scales_2[index];
}

void write_output(uint at, float value) {
  if (weight == 0u)
    y_0[at] = value;
  else if (weight == 1u)
    y_1[at] = value;
  else
    y_2[at] = value;
}

uint blocks_of(uint features) { return (features + kBlock - 1u) / kBlock; }

void main() {
  const uint row = gl_WorkGroupID.y;
  uint block = gl_WorkGroupID.x;
  if (block == 0u && p.with_branch == 1u) write_sum(row * p.dim, p.dim);
  uint features = p.out_0;
  uint group_size = p.group_0;
  uint n_groups = p.groups_0;
  if (block >= blocks_of(p.out_0)) {
    block -= blocks_of(p.out_0);
    weight = 1u, features = p.out_1, group_size = p.group_1, n_groups = p.groups_1;
    if (block >= blocks_of(p.out_1)) {
      block -= blocks_of(p.out_1);
      weight = 2u, features = p.out_2, group_size = p.group_2, n_groups = p.groups_2;
    }
  }
  if (p.with_norm == 1u) measure_row(row, p.dim, p.eps);
  make_codes(row, row, p.dim);
  const uint first_feature = block * kBlock + team_feature();
  for (uint f = 0u; f < kFeatures; ++f) weight_row[f] = min(first_feature + f, features - 1u);
  multiply(group_size, n_groups);
  for (uint i = 0u; i < kFinished; ++i) {
    const uint o = team_lane() + i * kTeam;
    if (o < kFeatures && first_feature + o < features) write_output(row * features + first_feature + o, sums[i]);
  }
}
