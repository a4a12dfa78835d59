#pragma once

#include "ops/op.h"
#include "shaders/params/route_tokens_backward.h"

namespace tritium {

namespace cpu_ref {
void route_tokens_backward(const RouteTokensBackwardParams& p, std::span<const float> logits,
                           std::span<const int32_t> expert_ids, std::span<const float> dweights,
                           std::span<const float> load, std::span<float> dlogits);
}

// With p = softmax(logits) and the chosen set S held fixed:
//   renormalised, h = p / sum over S of p: dlogits_e = h_e scale (dweights_e - sum over S of h_j dweights_j) for e in S
//   otherwise: dp_e = scale dweights_e for e in S
// plus the losses of a layer's router, each a mean over the T tokens:
//   balance * E sum over e of load_e mean(p_e)   (Fedus et al. 2021, section 2.2; load is held fixed)
//   z_loss * mean(logsumexp(logits)^2)           (Zoph et al. 2022, section 3.2)
// where a gradient dp of the probabilities becomes dlogits_e += p_e (dp_e - sum over j of p_j dp_j).
struct RouteTokensBackward {
  static constexpr std::string_view kName = "route_tokens_backward";
  // p_e (dp_e - sum of p_j dp_j): two of a softmax.
  static constexpr double kTolerance = 2 * softmax_error(kExperts);
  static constexpr auto reference = cpu_ref::route_tokens_backward;
  Tensor logits;      // f32 [T, n_experts]
  Tensor expert_ids;  // i32 [T, k], as route_tokens chose
  Tensor dweights;    // f32 [T, k]
  Tensor load;        // f32 [n_experts], of expert_load; none: balance must be 0
  Tensor dlogits;     // f32 [T, n_experts]
  bool renormalize = true;
  float scale = 1.0f;
  float balance = 0.0f;
  float z_loss = 0.0f;

  static void visit(auto& op, auto&& f) {
    for (auto* t : {&op.logits, &op.expert_ids, &op.dweights}) f(Role::input, *t);
    f(Role::input, op.load), f(Role::output, op.dlogits);
  }

  RouteTokensBackwardParams params() const {
    return {.n_tokens = u32(logits.shape[0]),
            .n_experts = u32(logits.shape[1]),
            .top_k = u32(expert_ids.shape[1]),
            .renormalize = renormalize ? 1u : 0u,
            .scale = scale,
            .balance = balance / static_cast<float>(logits.shape[0]),
            .z_loss = z_loss / static_cast<float>(logits.shape[0])};
  }

  Status check() const {
    Checker c(kName);
    c.f32_of_rank("logits", logits, 2), c.f32_of_rank("dweights", dweights, 2);
    if (!c.ok()) return c.status();
    c.tensor("expert_ids", expert_ids, DType::i32, {logits.shape[0], dweights.shape[1]});
    if (load) c.f32("load", load, {logits.shape[1]});
    c.f32("dlogits", dlogits, logits.shape);
    return c.that(load || balance == 0.0f, "the load is needed to balance it").status();
  }
};

}  // namespace tritium
