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

#include "lib/team.glsl"
#define TRITIUM_REDUCED kTile
#include "lib/activation.h"
#include "lib/normed_row.glsl"
#include "lib/own_codes.glsl"

layout(constant_id = 6) const uint kActivation = 0u;  // GateActivation
layout(constant_id = 7) const uint kGated = 1u;
const uint kResults = (kFeatures + kTeam - 1u) / kTeam;  // features an invocation finishes

// What was activated.
vec4 raw_values(uint slot, uvec4 columns) {
  vec4 gates, ups;
  for (uint i = 0u; i < 4u; ++i) gates[i] = gate[slot * p.width + columns[i]];
  if (kGated == 1u)
    for (uint i = 0u; i < 4u; ++i) ups[i] = up[slot * p.width + columns[i]];
  vec4 values;
  for (uint i = 0u; i < 4u; ++i)
    values[i] = kGated == 1u ? gate_value(gates[i], ups[i], kActivation, p.clamp_at)
                             : activated(clamped_gate(gates[i], p.clamp_at), kActivation);
  return values;
}

float inverse_of_slot[kTile];

vec4 own_values(uint slot, uvec4 columns) {
  inverse_rms = inverse_of_slot[own_tile];
  return p.with_norm == 1u ? normed_values(slot, columns) : raw_values(slot, columns);
}

uvec4 weight_words(uint index) { return codes[index]; }
float weight_scale(uint index) { return scales[index]; }

// Of slots first … first + kTile - 1.
void measure_slots(uint first) {
  for (uint t = 0u; t < kTile; ++t) publish(t, floatBitsToUint(squares_of(min(first + t, p.n_slots - 1u), p.width)));
  grow_branches(kReduceSum, kTile);
  for (uint t = 0u; t < kTile; ++t) inverse_of_slot[t] = inverse_rms_of(reduced_sum(t), p.width, p.eps);
}

uint matrix_of(uint slot) { return p.routed == 1u ? uint(expert_ids[min(slot, p.n_slots - 1u)]) : 0u; }

// Where outputs of slots lie with several invocations: those of a feature are wanted by one.
void share_sums() {
  barrier();  // what sums were made of has been read
  for (uint i = 0u; i < kFinished; ++i)
    if (team_lane() + i * kTeam < kOutputs) publish_for(0u, output_of(i), floatBitsToInt(sums[i]));
  barrier();
}

void main() {
  const uint first_feature = gl_WorkGroupID.x * kBlock + team_feature();
  float results[kResults];
  for (uint i = 0u; i < kResults; ++i) results[i] = 0.0;
  for (uint first = 0u; first < p.n_slots; first += kTile) {
    if (p.with_norm == 1u) measure_slots(first);
    make_codes(first, p.n_slots - 1u, p.width);
    for (uint o = 0u; o < kOutputs; ++o) {
      const uint matrix = matrix_of(first + o % kTile);
      weight_row[o] =
          (matrix < p.n_matrices ? matrix * p.out_features : 0u) + min(first_feature + o / kTile, p.out_features - 1u);
    }
    multiply(p.group_size, p.n_groups);
    if (kTile > 1u) share_sums();
    for (uint i = 0u; i < kResults; ++i)
      for (uint t = 0u; t < kTile && first + t < p.n_slots; ++t) {
        const uint o = min(team_lane() + i * kTeam, kFeatures - 1u) * kTile + t;
        const float found = kTile > 1u ? intBitsToFloat(published(0u, o)) : sums[i];
        const float sum = matrix_of(first + t) < p.n_matrices ? found : 0.0;
        if (p.routed == 1u)
          results[i] += weights[first + t] * sum;
        else
          results[i] = sum;
      }
    barrier();  // the next slots' codes take the place of these
  }
  for (uint i = 0u; i < kResults; ++i) {
    const uint f = team_lane() + i * kTeam;
    if (f < kFeatures && first_feature + f < p.out_features) y[first_feature + f] = results[i];
  }
}
