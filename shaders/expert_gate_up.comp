// The experts of a token, as route_tokens.comp chooses them, and the first half of what they do: gate_s = W_gate x,
// up_s = W_up x of the expert of each slot s.
//   q: i8 [padded_cols], four to a word; x_scale: f32 [1]; logits: f32 [n_experts]; bias: f32 [n_experts], when biased;
//   codes: 2-bit (n_experts, out_features, padded_cols); scales: f32 (n_experts, out_features, groups);
//   expert_ids: i32 [top_k]; weights: f32 [top_k]; gate, up: f32 [top_k, out_features]
// A workgroup ranks all experts for itself, by counting those that come before each, and computes kBlock features of
// gate or up for one slot (lib/team.glsl): a quarter byte a weight, n_experts comparisons an expert. The first one
// writes ids and weights.
// Variants: dot (lib/word_product.glsl)
#version 450

#include "params/expert_gate_up.h"

layout(push_constant) uniform Push { ExpertGateUpParams p; };
layout(set = 0, binding = 0) readonly buffer Q { uint q[]; };
layout(set = 0, binding = 1) readonly buffer XScale { float x_scale[]; };
layout(set = 0, binding = 2) readonly buffer Logits { float logits[]; };
layout(set = 0, binding = 3) readonly buffer Bias { float bias[]; };
layout(set = 0, binding = 4) readonly buffer GateCodes { uvec4 gate_codes[]; };  // 64 trits each
layout(set = 0, binding = 5) readonly buffer GateScales { float gate_scales[]; };
layout(set = 0, binding = 6) readonly buffer UpCodes { uvec4 up_codes[]; };
layout(set = 0, binding = 7) readonly buffer UpScales { float up_scales[]; };
layout(set = 0, binding = 8) writeonly buffer ExpertIds { int expert_ids[]; };
layout(set = 0, binding = 9) writeonly buffer Weights { float weights[]; };
layout(set = 0, binding = 10) writeonly buffer Gate { float gate[]; };
layout(set = 0, binding = 11) writeonly buffer Up { float up[]; };

#include "lib/own_codes.glsl"
#include "lib/reduce.glsl"
#include "lib/softmax.h"

const uint kMaxExperts = 512u;
const uint kNone = 0xFFFFFFFFu;

shared float keys[kMaxExperts];
shared uint chosen[kMaxExperts];  // the expert of each slot

bool of_gate = true;  // whose features the workgroup computes

vec4 own_values(uint row, uvec4 columns) { return vec4(0.0); }  // the codes are made already
uvec4 weight_words(uint index) { return of_gate ? gate_codes[index] : up_codes[index]; }
float weight_scale(uint index) { return of_gate ? gate_scales[index] : up_scales[index]; }

// By the order (key descending, index ascending).
void choose_experts() {
  const uint lane = gl_LocalInvocationIndex;
  for (uint e = lane; e < p.n_experts; e += kWorkgroup) {
    precise const float key = logits[e] + (p.biased == 1u ? bias[e] : 0.0);
    keys[e] = key;
  }
  for (uint s = lane; s < p.top_k; s += kWorkgroup) chosen[s] = kNone;
  barrier();
  for (uint e = lane; e < p.n_experts; e += kWorkgroup) {
    const float key = keys[e];
    uint rank = 0u;
    for (uint other = 0u; other < p.n_experts; ++other)
      rank += uint(keys[other] > key || (keys[other] == key && other < e));
    if (rank < p.top_k) chosen[rank] = e;
  }
  barrier();
}

// Every invocation calls it.
void write_routing() {
  const uint lane = gl_LocalInvocationIndex;
  float largest = logits[0];
  for (uint e = lane; e < p.n_experts; e += kWorkgroup) largest = max(largest, logits[e]);
  largest = workgroup_max(largest);
  float sum = 0.0;
  for (uint e = lane; e < p.n_experts; e += kWorkgroup) sum += softmax_term(logits[e], largest);
  sum = workgroup_sum(sum);
  float chosen_sum = 0.0;
  for (uint s = 0u; s < p.top_k; ++s) chosen_sum += chosen[s] == kNone ? 0.0 : softmax_term(logits[chosen[s]], largest);
  const float factor = p.scale / (p.renormalize == 1u ? chosen_sum : sum);
  for (uint s = lane; s < p.top_k; s += kWorkgroup) {
    expert_ids[s] = int(chosen[s]);
    weights[s] = (chosen[s] == kNone ? 0.0 : softmax_term(logits[chosen[s]], largest)) * factor;
  }
}

void main() {
  choose_experts();
  if (gl_WorkGroupID.x == 0u) write_routing();
  for (uint word = gl_LocalInvocationIndex; word < p.padded_cols / 4u; word += kWorkgroup) own_codes[word] = q[word];
  if (gl_LocalInvocationIndex == 0u) own_scale[0] = x_scale[0];
  barrier();
  const uint blocks = (p.out_features + kBlock - 1u) / kBlock;
  const uint slot = gl_WorkGroupID.x / (2u * blocks);
  const uint block = gl_WorkGroupID.x % (2u * blocks);
  of_gate = block < blocks;
  const uint first_feature = block % blocks * kBlock + team_feature();
  const uint matrix = chosen[slot];
  for (uint i = 0u; i < kFinished; ++i) sums[i] = 0.0;
  if (matrix < p.n_experts) {  // the same for the whole workgroup
    for (uint f = 0u; f < kFeatures; ++f)
      weight_row[f] = matrix * p.out_features + min(first_feature + f, p.out_features - 1u);
    multiply(of_gate ? p.gate_group : p.up_group, of_gate ? p.gate_groups : p.up_groups);
  }
  for (uint i = 0u; i < kFinished; ++i) {
    const uint o = team_lane() + i * kTeam;
    if (o >= kFeatures || first_feature + o >= p.out_features) continue;
    if (of_gate)
      gate[slot * p.out_features + first_feature + o] = sums[i];
    else
      up[slot * p.out_features + first_feature + o] = sums[i];
  }
}
