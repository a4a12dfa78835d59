// p = softmax(logits); the top_k with the largest logits + bias (ties: lowest index first), largest first; weights = p,
// divided by their sum when renormalize, times scale.
//   logits: f32 [n_tokens, n_experts]; bias: f32 [n_experts], when biased; expert_ids: i32 [n_tokens, top_k]; weights:
//   f32 [n_tokens, top_k], top_k <= 1024
// A workgroup routes a token: top_k passes over its logits, each taking the best expert that comes after the last one
// chosen in the order (logit descending, index ascending).
#version 450

#include "lib/grid.glsl"
#include "lib/reduce.glsl"
#include "lib/softmax.h"
#include "params/route_tokens.h"

layout(push_constant) uniform Push { RouteTokensParams p; };
layout(set = 0, binding = 0) readonly buffer Logits { float logits[]; };
layout(set = 0, binding = 1) readonly buffer Bias { float bias[]; };
layout(set = 0, binding = 2) writeonly buffer ExpertIds { int expert_ids[]; };
layout(set = 0, binding = 3) writeonly buffer Weights { float weights[]; };

const uint kMaxTopK = 1024u;
const uint kNone = 0xFFFFFFFFu;

shared float best_logit[kWorkgroup];
shared uint best_expert[kWorkgroup];
shared float chosen_exp[kMaxTopK];

bool comes_before(float logit, uint expert, float other_logit, uint other_expert) {
  return other_expert == kNone || logit > other_logit || (logit == other_logit && expert < other_expert);
}

// What experts are ranked by.
float key_of(uint first, uint expert) {
  precise const float key = logits[first + expert] + (p.biased == 1u ? bias[expert] : 0.0);
  return key;
}

// The first expert after `previous` in the order; all of them when previous is kNone.
uint next_expert(uint first, uint previous) {
  const uint lane = gl_LocalInvocationIndex;
  const float previous_logit = previous == kNone ? 0.0 : key_of(first, previous);
  float logit = 0.0;
  uint expert = kNone;
  for (uint e = lane; e < p.n_experts; e += kWorkgroup) {
    const float candidate = key_of(first, e);
    if (previous != kNone && !(e != previous && comes_before(previous_logit, previous, candidate, e))) continue;
    if (comes_before(candidate, e, logit, expert)) {
      logit = candidate;
      expert = e;
    }
  }
  best_logit[lane] = logit;
  best_expert[lane] = expert;
  for (uint half_width = kWorkgroup / 2u; half_width > 0u; half_width /= 2u) {
    barrier();
    const uint other = lane + half_width;
    if (lane < half_width && best_expert[other] != kNone &&
        comes_before(best_logit[other], best_expert[other], best_logit[lane], best_expert[lane])) {
      best_logit[lane] = best_logit[other];
      best_expert[lane] = best_expert[other];
    }
  }
  barrier();
  const uint best = best_expert[0];
  barrier();
  return best;
}

void main() {
  const uint token = folded_group();
  if (token >= p.n_tokens) return;
  const uint lane = gl_LocalInvocationIndex;
  const uint first = token * p.n_experts;

  float largest = logits[first];
  for (uint e = lane; e < p.n_experts; e += kWorkgroup) largest = max(largest, logits[first + e]);
  largest = workgroup_max(largest);
  float sum = 0.0;
  for (uint e = lane; e < p.n_experts; e += kWorkgroup) sum += softmax_term(logits[first + e], largest);
  sum = workgroup_sum(sum);

  float chosen_sum = 0.0;
  uint expert = kNone;
  for (uint s = 0u; s < p.top_k; ++s) {
    expert = next_expert(first, expert);
    const float value = expert == kNone ? 0.0 : softmax_term(logits[first + expert], largest);
    chosen_sum += value;
    if (lane == 0u) {
      chosen_exp[s] = value;
      expert_ids[token * p.top_k + s] = int(expert);
    }
  }
  barrier();
  const float factor = p.scale / (p.renormalize == 1u ? chosen_sum : sum);
  for (uint s = lane; s < p.top_k; s += kWorkgroup) weights[token * p.top_k + s] = chosen_exp[s] * factor;
}
