// logits = W norm(x + branch) in floats, and the int8 codes of norm(x + branch) for the experts; sum = x + branch.
//   x, branch, sum: f32 [n_rows, dim]; norm_weight: f32 [dim]; router: f32, f16 or bf16 [n_experts, row_stride];
//   q: i8 [n_rows, padded_cols], four to a word; scales: f32 [n_rows]; logits: f32 [n_rows, n_experts]
// A workgroup norms a row for itself, then computes kBlock experts (lib/team.glsl), an invocation 8 columns at a time
// as dense_matmul.comp does: 2 or 4 bytes a weight. The first of a row's workgroups also quantises it.
#version 450

#include "params/norm_router.h"

layout(push_constant) uniform Push { NormRouterParams p; };
layout(set = 0, binding = 0) readonly buffer X { float x[]; };
layout(set = 0, binding = 1) readonly buffer Branch { float branch[]; };
layout(set = 0, binding = 2) readonly buffer NormWeight { float norm_weight[]; };
layout(set = 0, binding = 3) readonly buffer Router { uvec4 router[]; };  // rows start on one of them
layout(set = 0, binding = 4) writeonly buffer Sum { float sum_of_both[]; };
layout(set = 0, binding = 5) writeonly buffer Q { uint q[]; };
layout(set = 0, binding = 6) writeonly buffer Scales { float scales[]; };
layout(set = 0, binding = 7) writeonly buffer Logits { float logits[]; };

#include "lib/branched_row.glsl"
#include "lib/dense_weight.glsl"
#include "lib/normed_row.glsl"
#include "lib/quantised_row.glsl"
#include "lib/team.glsl"

vec4 raw_values(uint row, uvec4 columns) { return added_values(row * p.dim, columns, p.with_branch == 1u); }
vec4 own_values(uint row, uvec4 columns) { return normed_values(row, columns); }
void keep_codes(uint word, uint codes) { q[word] = codes; }

vec4 four_weights(uint expert, uint c) {
  const uint first = expert * p.row_stride + c;
  return dense_four(p.dtype, router[dense_four_at(p.dtype, first)], first);
}

void main() {
  const uint row = gl_WorkGroupID.y;
  if (gl_WorkGroupID.x == 0u && p.with_branch == 1u) write_sum(row * p.dim, p.dim);
  measure_row(row, p.dim, p.eps);
  if (gl_WorkGroupID.x == 0u) {
    const float scale = quantise_row(row, 0u, p.dim, p.padded_cols, row * (p.padded_cols / 4u));
    if (gl_LocalInvocationIndex == 0u) scales[row] = scale;
  }

  const uint first_expert = gl_WorkGroupID.x * kBlock + team_feature();
  float partial[kFeatures];
  for (uint f = 0u; f < kFeatures; ++f) partial[f] = 0.0;
  for (uint c = 8u * team_lane(); c < p.dim; c += 8u * kTeam) {
    const uvec4 low_columns = neighbours(c), high_columns = neighbours(c + 4u);
    const vec4 low_values = before_end(own_values(row, readable(low_columns, p.dim)), low_columns, p.dim);
    const vec4 high_values = before_end(own_values(row, readable(high_columns, p.dim)), high_columns, p.dim);
    for (uint f = 0u; f < kFeatures; ++f) {
      const uint expert = min(first_expert + f, p.n_experts - 1u);
      const vec4 low = four_weights(expert, c);
      const vec4 high = four_weights(expert, c + 4u);
      for (uint i = 0u; i < 4u; ++i) partial[f] += low_values[i] * low[i];
      for (uint i = 0u; i < 4u; ++i) partial[f] += high_values[i] * high[i];
    }
  }
  for (uint f = 0u; f < kFeatures; ++f)
    team_scratch[gl_LocalInvocationIndex * kScratchStride + f] = floatBitsToInt(partial[f]);
  barrier();
  for (uint i = 0u; i < kFinished; ++i) {
    const uint o = team_lane() + i * kTeam;
    if (o >= kFeatures || first_expert + o >= p.n_experts) continue;
    float total = 0.0;
    for (uint lane = 0u; lane < kTeam; ++lane) total += intBitsToFloat(published(lane, o));
    logits[row * p.n_experts + first_expert + o] = total;
  }
}
