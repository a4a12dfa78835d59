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

#include "lib/dense_weight.glsl"
#include "lib/int8_block.glsl"
#include "lib/normed_row.glsl"
#include "lib/team.glsl"

float value_of(uint row, uint column) { return normed_value(row, column, p.dim, p.with_branch == 1u); }

void quantise(uint row) {
  uint bits = 0u;
  for (uint c = gl_LocalInvocationIndex; c < p.dim; c += kWorkgroup) bits = max(bits, magnitude_bits(value_of(row, c)));
  const Int8Block codes = int8_block(largest_of_workgroup(bits));
  if (gl_LocalInvocationIndex == 0u) scales[row] = codes.scale;
  for (uint word = gl_LocalInvocationIndex; word < p.padded_cols / 4u; word += kWorkgroup) {
    uint packed_values = 0u;
    for (uint b = 0u; b < 4u; ++b) {
      const uint c = 4u * word + b;
      const int value = c < p.dim ? int8_code(value_of(row, c), codes) : 0;
      packed_values |= (uint(value) & 255u) << (8u * b);
    }
    q[row * (p.padded_cols / 4u) + word] = packed_values;
  }
}

vec4 four_weights(uint expert, uint c) {
  const uint first = expert * p.row_stride + c;
  return dense_four(p.dtype, router[dense_four_at(p.dtype, first)], first);
}

void main() {
  const uint row = gl_WorkGroupID.y;
  if (gl_WorkGroupID.x == 0u && p.with_branch == 1u)
    for (uint d = gl_LocalInvocationIndex; d < p.dim; d += kWorkgroup)
      sum_of_both[row * p.dim + d] = added_value(row * p.dim + d, true);
  measure_row(row, p.dim, p.eps, p.with_branch == 1u);
  if (gl_WorkGroupID.x == 0u) quantise(row);

  const uint first_expert = gl_WorkGroupID.x * kBlock + team_feature();
  float partial[kFeatures];
  for (uint f = 0u; f < kFeatures; ++f) partial[f] = 0.0;
  for (uint c = 8u * team_lane(); c < p.dim; c += 8u * kTeam) {
    float values[8];
    for (uint i = 0u; i < 8u; ++i) values[i] = c + i < p.dim ? value_of(row, c + i) : 0.0;
    for (uint f = 0u; f < kFeatures; ++f) {
      const uint expert = min(first_expert + f, p.n_experts - 1u);
      const vec4 low = four_weights(expert, c);
      const vec4 high = four_weights(expert, c + 4u);
      for (uint i = 0u; i < 4u; ++i) partial[f] += values[i] * low[i];
      for (uint i = 0u; i < 4u; ++i) partial[f] += values[4u + i] * high[i];
    }
  }
  for (uint f = 0u; f < kFeatures; ++f)
    team_scratch[gl_LocalInvocationIndex * kScratchStride + f] = floatBitsToInt(partial[f]);
  barrier();
  for (uint o = team_lane(); o < kFeatures; o += kTeam) {
    if (first_expert + o >= p.n_experts) continue;
    float total = 0.0;
    for (uint lane = 0u; lane < kTeam; ++lane) total += intBitsToFloat(published(lane, o));
    logits[row * p.n_experts + first_expert + o] = total;
  }
}
