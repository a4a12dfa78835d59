#pragma once

#include "ops/gated_activation.h"
#include "ops/op.h"
#include "shaders/params/expert_down.h"

namespace tritium {

// What gated_activation, rms_norm, quantize_activations (a scale a slot), ternary_matmul and combine_experts give for
// one token, as one operation; of a dense layer, which has one slot, without the last.
//   y = sum over slots s, in order, weights[s] W[ids[s]] q(norm(act(gate_s) up_s))
struct ExpertDown {
  static constexpr std::string_view kName = "expert_down";
  static constexpr double kTolerance = kOneCode;
  static constexpr bool kComposed = true;  // ops/compose.h
  Tensor gate;                             // f32 [k, width]
  Tensor up{};                             // f32 [k, width], or none: the activation alone
  Tensor norm{};                           // f32 [width], or none
  Weight weight;                           // trit2 (n_matrices, dim, width)
  Tensor expert_ids{};                     // i32 [1, k], or none: k = 1, matrix 0
  Tensor weights{};                        // f32 [1, k], with expert_ids
  Tensor y;                                // f32 [1, dim]
  GateActivation activation = GateActivation::silu;
  float clamp = 0.0f;
  float eps = 1e-5f;

  static void visit(auto& op, auto&& f) {
    f(Role::input, op.gate), f(Role::input, op.up), f(Role::input, op.norm);
    f(Role::input, op.weight, with_scales), f(Role::input, op.expert_ids), f(Role::input, op.weights);
    f(Role::output, op.y);
  }

  ExpertDownParams params() const {
    return {.n_slots = u32(gate.shape[0]),
            .width = u32(gate.shape[1]),
            .padded_cols = u32(weight.row_stride),
            .out_features = u32(weight.rows),
            .group_size = u32(weight.group_size),
            .n_groups = u32(weight.groups_per_row()),
            .n_matrices = u32(weight.n_matrices),
            .routed = expert_ids ? 1u : 0u,
            .gated = up ? 1u : 0u,
            .activation = static_cast<uint32_t>(activation),
            .clamp_at = clamp,
            .with_norm = norm ? 1u : 0u,
            .eps = eps};
  }

  Status check() const {
    Checker c(kName);
    c.f32_of_rank("gate", gate, 2).weight(weight, WeightKind::ternary).that(clamp >= 0.0f, "clamp is negative");
    if (!c.ok()) return c.status();
    const int64_t k = gate.shape[0];
    if (up) c.f32("up", up, gate.shape);
    if (norm) c.f32("norm", norm, {gate.shape[1]});
    c.that(weight.cols == gate.shape[1], "the weight must have a column for each value of gate");
    if (expert_ids) c.tensor("expert_ids", expert_ids, DType::i32, {1, k}).f32("weights", weights, {1, k});
    return c.that(expert_ids || k == 1, "without expert_ids there is one slot").f32("y", y, {1, weight.rows}).status();
  }
};

}  // namespace tritium
