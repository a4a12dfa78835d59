// y = sum over slots s, in order, weights[s] W_s q(norm(act(gate_s) up_s)): the second half of a token's experts, or of
// a dense layer (one slot without a weight). Without a norm what was activated; q: int8 codes a slot.
//   gate, up: f32 [n_slots, width]; norm_weight: f32 [width]; codes: 2-bit (n_matrices, out_features, padded_cols);
//   scales: f32 (n_matrices, out_features, n_groups); expert_ids: i32 [n_slots]; weights: f32 [n_slots]; y: f32
//   [out_features]
// A workgroup activates and quantises all slots for itself, then computes kBlock features (lib/team.glsl): a quarter
// byte a weight, 16 bytes and two activations a value of a slot.
// Variants: dot (lib/word_product.glsl)
#version 450

#include "params/expert_down.h"

layout(push_constant) uniform Push { ExpertDownParams p; };
layout(set = 0, binding = 0) readonly buffer Gate { float gate[]; };
layout(set = 0, binding = 1) readonly buffer Up { float up[]; };
layout(set = 0, binding = 2) readonly buffer NormWeight { float norm_weight[]; };
layout(set = 0, binding = 3) readonly buffer Codes { uvec4 codes[]; };  // 64 trits each
layout(set = 0, binding = 4) readonly buffer Scales { float scales[]; };
layout(set = 0, binding = 5) readonly buffer ExpertIds { int expert_ids[]; };
layout(set = 0, binding = 6) readonly buffer Weights { float weights[]; };
layout(set = 0, binding = 7) writeonly buffer Y { float y[]; };

#include "lib/activation.h"
#include "lib/own_codes.glsl"
#include "lib/reduce.glsl"

float inverse_rms = 1.0;

float hidden_value(uint slot, uint column) {
  const uint at = slot * p.width + column;
  return p.gated == 1u ? gate_value(gate[at], up[at], p.activation, p.clamp_at)
                       : activated(clamped_gate(gate[at], p.clamp_at), p.activation);
}

float own_value(uint slot, uint column) {
  const float value = hidden_value(slot, column);
  return p.with_norm == 1u ? value * inverse_rms * norm_weight[column] : value;
}

uvec4 weight_words(uint index) { return codes[index]; }
float weight_scale(uint index) { return scales[index]; }

// As rms_norm.comp.
void measure_slot(uint slot) {
  float squares = 0.0;
  for (uint d = gl_LocalInvocationIndex; d < p.width; d += kWorkgroup) {
    const float value = hidden_value(slot, d);
    squares += value * value;
  }
  inverse_rms = 1.0 / sqrt(workgroup_sum(squares) / float(p.width) + p.eps);
}

void main() {
  const uint first_feature = gl_WorkGroupID.x * kBlock + team_feature();
  float results[kFinished];
  for (uint i = 0u; i < kFinished; ++i) results[i] = 0.0;
  for (uint slot = 0u; slot < p.n_slots; ++slot) {
    if (p.with_norm == 1u) measure_slot(slot);
    const float x_scale = quantise_row(slot, p.width, p.padded_cols, 0u);
    const uint matrix = p.routed == 1u ? uint(expert_ids[slot]) : 0u;
    float sums[kFinished];
    for (uint i = 0u; i < kFinished; ++i) sums[i] = 0.0;
    if (matrix < p.n_matrices) {  // the same for the whole workgroup
      for (uint f = 0u; f < kFeatures; ++f)
        weight_row[f] = matrix * p.out_features + min(first_feature + f, p.out_features - 1u);
      multiply(0u, p.padded_cols, p.group_size, p.n_groups, x_scale, sums);
    }
    for (uint i = 0u; i < kFinished; ++i) {
      if (p.routed == 1u)
        results[i] += weights[slot] * sums[i];
      else
        results[i] = sums[i];
    }
    barrier();  // the next slot's codes take the place of these
  }
  for (uint i = 0u; i < kFinished; ++i) {
    const uint o = team_lane() + i * kTeam;
    if (o < kFeatures && first_feature + o < p.out_features) y[first_feature + o] = results[i];
  }
}
