#pragma once

#include "ops/op.h"
#include "shaders/params/route_tokens.h"

namespace tritium {

namespace cpu_ref {
void route_tokens(const RouteTokensParams& p, std::span<const float> logits, std::span<const float> bias,
                  std::span<int32_t> expert_ids, std::span<float> weights);
}

// p = softmax(logits) over all experts; those with the k largest logits + bias (ties: lowest index first), largest
// first; weights = p of the chosen, divided by their sum when `renormalize`, times `scale`. So a bias changes the
// choice and nothing else (loss-free balancing, Wang et al. 2024; there it is added to p, here to logits, whose sum
// every backend rounds alike).
struct RouteTokens {
  static constexpr std::string_view kName = "route_tokens";
  static constexpr double kTolerance = softmax_error(kExperts);
  static constexpr auto reference = cpu_ref::route_tokens;
  Tensor logits;      // f32 [T, n_experts]
  Tensor bias{};      // f32 [n_experts], or none
  Tensor expert_ids;  // i32 [T, k]
  Tensor weights;     // f32 [T, k]
  bool renormalize = true;
  float scale = 1.0f;

  static void visit(auto& op, auto&& f) {
    f(Role::input, op.logits), f(Role::input, op.bias), f(Role::output, op.expert_ids), f(Role::output, op.weights);
  }

  RouteTokensParams params() const {
    return {.n_tokens = u32(logits.shape[0]),
            .n_experts = u32(logits.shape[1]),
            .top_k = u32(expert_ids.shape[1]),
            .renormalize = renormalize ? 1u : 0u,
            .biased = bias ? 1u : 0u,
            .scale = scale};
  }

  Status check() const {
    Checker c(kName);
    c.rank("logits", logits, 2).rank("expert_ids", expert_ids, 2);
    c.f32("logits", logits, logits.shape);
    if (!c.ok() || !expert_ids) return c.that(static_cast<bool>(expert_ids), "expert_ids is needed").status();
    const int64_t k = expert_ids.shape[1];
    if (bias) c.f32("bias", bias, {logits.shape[1]});
    return c.tensor("expert_ids", expert_ids, DType::i32, {logits.shape[0], k})
        .f32("weights", weights, {logits.shape[0], k})
        .that(k >= 1 && k <= logits.shape[1], "top_k must be 1 to n_experts")
        .status();
  }
};

}  // namespace tritium
