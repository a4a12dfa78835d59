#pragma once

#include "ops/op.h"
#include "shaders/params/expert_gate_up.h"

namespace tritium {

// What route_tokens and two routed ternary_matmul of one input give for one token, as one operation.
//   ids, weights: the chosen experts (route_tokens.h);  gate_s = W_gate[ids[s]] q,  up_s = W_up[ids[s]] q
struct ExpertGateUp {
  static constexpr std::string_view kName = "expert_gate_up";
  // Of the weights; products are exact.
  static constexpr double kTolerance = softmax_error(kExperts);
  static constexpr bool kComposed = true;  // ops/compose.h
  Tensor q;                                // i8 [1, padded_cols]
  Tensor scales;                           // f32 [1, 1]
  Tensor logits;                           // f32 [1, n_experts]
  Tensor bias{};                           // f32 [n_experts], or none
  Weight gate_weight;                      // trit2 (n_experts, width, cols)
  Weight up_weight;
  Tensor expert_ids;  // i32 [1, k]
  Tensor weights;     // f32 [1, k]
  Tensor gate, up;    // f32 [k, width]
  bool renormalize = true;
  float scale = 1.0f;

  static void visit(auto& op, auto&& f) {
    f(Role::input, op.q), f(Role::input, op.scales), f(Role::input, op.logits), f(Role::input, op.bias);
    f(Role::input, op.gate_weight, with_scales), f(Role::input, op.up_weight, with_scales);
    f(Role::output, op.expert_ids), f(Role::output, op.weights), f(Role::output, op.gate), f(Role::output, op.up);
  }

  ExpertGateUpParams params() const {
    return {.n_experts = u32(logits.shape[1]),
            .top_k = u32(expert_ids.shape[1]),
            .renormalize = renormalize ? 1u : 0u,
            .biased = bias ? 1u : 0u,
            .scale = scale,
            .padded_cols = u32(gate_weight.row_stride),
            .out_features = u32(gate_weight.rows),
            .gate_group = u32(gate_weight.group_size),
            .gate_groups = u32(gate_weight.groups_per_row()),
            .up_group = u32(up_weight.group_size),
            .up_groups = u32(up_weight.groups_per_row())};
  }

  Status check() const {
    Checker c(kName);
    c.weight(gate_weight, WeightKind::ternary).weight(up_weight, WeightKind::ternary);
    c.rank("logits", logits, 2).rank("expert_ids", expert_ids, 2);
    if (!c.ok() || !logits || !expert_ids) return c.that(logits && expert_ids, "logits and ids are needed").status();
    const Weight &g = gate_weight, &u = up_weight;
    const int64_t n = logits.shape[1], k = expert_ids.shape[1];
    if (bias) c.f32("bias", bias, {n});
    return c.that(g.n_matrices == n && u.n_matrices == n, "there must be a matrix for each expert")
        .that(g.rows == u.rows && g.cols == u.cols && g.row_stride == u.row_stride, "gate and up must be alike")
        .tensor("q", q, DType::i8, {1, g.row_stride})
        .f32("scales", scales, {1, 1})
        .f32("logits", logits, {1, n})
        .tensor("expert_ids", expert_ids, DType::i32, {1, k})
        .f32("weights", weights, {1, k})
        .f32("gate", gate, {k, g.rows})
        .f32("up", up, {k, g.rows})
        .that(k >= 1 && k <= n, "top_k must be 1 to n_experts")
        .status();
  }
};

}  // namespace tritium
