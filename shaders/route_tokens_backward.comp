// With p = softmax(logits), the chosen experts S held fixed and scale s:
//   renormalised, h = p / sum over S of p: dlogits_e = h_e s (dweights_e - sum over S of h_j dweights_j) for e in S
//   otherwise: dp_e = s dweights_e for e in S
// dp_e += balance * n_experts * load_e, dlogits_e += p_e (dp_e - sum of p_j dp_j), and for the z-loss
// dlogits_e += p_e * 2 z_loss * logsumexp(logits); both coefficients come divided by
// the number of tokens.
//   logits, dlogits: f32 [n_tokens, n_experts]; expert_ids: i32 [n_tokens, top_k]; dweights: f32 [n_tokens, top_k],
//   top_k <= 1024; load: f32 [n_experts], when balance is not 0
// A workgroup computes a token: 8 bytes and about 20 + 2 top_k operations a logit.
#version 450

#include "lib/grid.glsl"
#include "lib/reduce.glsl"
#include "lib/softmax.h"
#include "params/route_tokens_backward.h"

layout(push_constant) uniform Push { RouteTokensBackwardParams p; };
layout(set = 0, binding = 0) readonly buffer Logits { float logits[]; };
layout(set = 0, binding = 1) readonly buffer ExpertIds { int expert_ids[]; };
layout(set = 0, binding = 2) readonly buffer Dweights { float dweights[]; };
layout(set = 0, binding = 3) readonly buffer Load { float load[]; };
layout(set = 0, binding = 4) writeonly buffer Dlogits { float dlogits[]; };

const uint kMaxTopK = 1024u;

shared uint chosen_expert[kMaxTopK];
shared float chosen_gradient[kMaxTopK];  // renormalised: of the logit; else of the probability

// What the choice and the balance loss add to expert e: (to its logit, to its probability).
vec2 gradient_of(uint e) {
  float of_choice = 0.0;
  for (uint s = 0u; s < p.top_k; ++s)
    if (chosen_expert[s] == e) of_choice += chosen_gradient[s];
  const float of_balance = p.balance == 0.0 ? 0.0 : p.balance * float(p.n_experts) * load[e];
  return p.renormalize == 1u ? vec2(of_choice, of_balance) : vec2(0.0, of_choice + of_balance);
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

  float chosen = 0.0;
  float chosen_mean = 0.0;
  for (uint s = lane; s < p.top_k; s += kWorkgroup) {
    const uint e = uint(expert_ids[token * p.top_k + s]);
    const float term = e < p.n_experts ? softmax_term(logits[first + e], largest) : 0.0;
    chosen += term;
    chosen_mean += term * dweights[token * p.top_k + s];
  }
  chosen = workgroup_sum(chosen);
  chosen_mean = workgroup_sum(chosen_mean) / chosen;
  for (uint s = lane; s < p.top_k; s += kWorkgroup) {
    const uint e = uint(expert_ids[token * p.top_k + s]);
    const float term = e < p.n_experts ? softmax_term(logits[first + e], largest) : 0.0;
    const float dweight = dweights[token * p.top_k + s];
    chosen_expert[s] = e;
    chosen_gradient[s] = p.scale * (p.renormalize == 1u ? term / chosen * (dweight - chosen_mean) : dweight);
  }
  barrier();

  float mean = 0.0;
  for (uint e = lane; e < p.n_experts; e += kWorkgroup)
    mean += softmax_term(logits[first + e], largest) * gradient_of(e).y;
  mean = workgroup_sum(mean) / sum;
  const float of_z_loss = p.z_loss * 2.0 * (largest + log(sum));
  for (uint e = lane; e < p.n_experts; e += kWorkgroup) {
    const vec2 gradient = gradient_of(e);
    const float probability = softmax_term(logits[first + e], largest) / sum;
    dlogits[first + e] = gradient.x + probability * (gradient.y - mean + of_z_loss);
  }
}
