// The one list of operations. Whatever exists for each of them (a backend's methods, decorators, tests) is made from
// it.
#pragma once

#include <array>
#include <variant>

#include "ops/absmean.h"
#include "ops/adamw_update.h"
#include "ops/add.h"
#include "ops/argmax.h"
#include "ops/attention.h"
#include "ops/attention_backward.h"
#include "ops/attention_step.h"
#include "ops/balance_bias.h"
#include "ops/combine_experts.h"
#include "ops/combine_experts_backward.h"
#include "ops/cross_entropy.h"
#include "ops/dense_matmul.h"
#include "ops/dense_matmul_backward.h"
#include "ops/dequantize_activations.h"
#include "ops/embedding.h"
#include "ops/embedding_backward.h"
#include "ops/expert_down.h"
#include "ops/expert_gate_up.h"
#include "ops/expert_load.h"
#include "ops/factored_direction.h"
#include "ops/fake_quantize.h"
#include "ops/flip_trits.h"
#include "ops/gated_activation.h"
#include "ops/gated_activation_backward.h"
#include "ops/group_rows.h"
#include "ops/integer_scales.h"
#include "ops/kl_divergence.h"
#include "ops/merge_output.h"
#include "ops/merge_splits.h"
#include "ops/next_token.h"
#include "ops/norm_qkv.h"
#include "ops/norm_router.h"
#include "ops/norm_rows.h"
#include "ops/packed_matmul.h"
#include "ops/packed_matmul_f32.h"
#include "ops/previous_rows.h"
#include "ops/previous_rows_backward.h"
#include "ops/prune.h"
#include "ops/quantize_activations.h"
#include "ops/reject_values.h"
#include "ops/reject_values_backward.h"
#include "ops/rms_norm.h"
#include "ops/rms_norm_backward.h"
#include "ops/rope.h"
#include "ops/route_tokens.h"
#include "ops/route_tokens_backward.h"
#include "ops/scale_columns.h"
#include "ops/scale_columns_backward.h"
#include "ops/scaled_add.h"
#include "ops/sgd_update.h"
#include "ops/soft_cap.h"
#include "ops/soft_cap_backward.h"
#include "ops/sparse_signs.h"
#include "ops/store_kv.h"
#include "ops/sum_squares.h"
#include "ops/ternarize.h"
#include "ops/ternary_matmul.h"
#include "ops/ternary_matmul_backward.h"
#include "ops/ternary_matmul_f32.h"
#include "ops/threshold_scales.h"
#include "ops/top_candidates.h"
#include "ops/weight_gradient.h"

namespace tritium {

template <typename... Op>
struct OpList {
  using Variant = std::variant<Op...>;
  static constexpr std::array<std::string_view, sizeof...(Op)> kNames = {Op::kName...};
  template <typename Wanted>
  static constexpr bool contains = (std::is_same_v<Op, Wanted> || ...);

  // f(std::type_identity<Op>) for each operation, in order.
  static void each(auto&& f) { (f(std::type_identity<Op>()), ...); }
};

using AllOps =
    OpList<Embedding, RmsNorm, QuantizeActivations, TernaryMatmul, TernaryMatmulF32, PackedMatmul, PackedMatmulF32,
           DenseMatmul, Rope, StoreKv, Attention, GatedActivation, Add, RouteTokens, CombineExperts, EmbeddingBackward,
           RmsNormBackward, TernaryMatmulBackward, DenseMatmulBackward, WeightGradient, AttentionBackward,
           GatedActivationBackward, CombineExpertsBackward, RouteTokensBackward, ExpertLoad, CrossEntropy, FlipTrits,
           KlDivergence, ScaledAdd, SumSquares, DequantizeActivations, Absmean, Ternarize, FakeQuantize,
           ThresholdScales, IntegerScales, Prune, SparseSigns, AdamwUpdate, SgdUpdate, FactoredDirection, Argmax,
           GroupRows, ScaleColumns, PreviousRows, RejectValues, SoftCap, ScaleColumnsBackward, PreviousRowsBackward,
           RejectValuesBackward, SoftCapBackward, BalanceBias, NormQkv, NormRouter, NormRows, ExpertGateUp, ExpertDown,
           AttentionStep, MergeSplits, MergeOutput, NextToken, TopCandidates>;

// Calls f(std::type_identity<Op>) for the operation of that name; false when there is none.
bool with_operation(std::string_view name, auto&& f) {
  bool found = false;
  AllOps::each([&]<typename Op>(std::type_identity<Op> op) {
    if (Op::kName == name) found = true, f(op);
  });
  return found;
}

}  // namespace tritium
