// Every operation: the list of their names, and one way to visit the tensors of any of them.
#pragma once

#include <array>

#include "ops/forward_args.h"
#include "ops/training_args.h"

namespace tritium {

inline constexpr std::array kOpNames = {EmbeddingArgs::kName,
                                        RmsNormArgs::kName,
                                        QuantizeActivationsArgs::kName,
                                        TernaryMatmulArgs::kName,
                                        TernaryMatmulF32Args::kName,
                                        DenseMatmulArgs::kName,
                                        RopeArgs::kName,
                                        StoreKvArgs::kName,
                                        AttentionArgs::kName,
                                        GatedActivationArgs::kName,
                                        AddArgs::kName,
                                        RouteTokensArgs::kName,
                                        CombineExpertsArgs::kName,
                                        EmbeddingBackwardArgs::kName,
                                        RmsNormBackwardArgs::kName,
                                        TernaryMatmulBackwardArgs::kName,
                                        DenseMatmulBackwardArgs::kName,
                                        WeightGradientArgs::kName,
                                        AttentionBackwardArgs::kName,
                                        GatedActivationBackwardArgs::kName,
                                        CombineExpertsBackwardArgs::kName,
                                        RouteTokensBackwardArgs::kName,
                                        ExpertLoadArgs::kName,
                                        CrossEntropyArgs::kName,
                                        FlipTritsArgs::kName,
                                        KlDivergenceArgs::kName,
                                        ScaledAddArgs::kName,
                                        SumSquaresArgs::kName,
                                        DequantizeActivationsArgs::kName,
                                        AbsmeanArgs::kName,
                                        TernarizeArgs::kName,
                                        FakeQuantizeArgs::kName,
                                        AdamwUpdateArgs::kName,
                                        SgdUpdateArgs::kName};

// Calls f(role, tensor) on each tensor of an operation in a fixed order; a Weight counts as its data and scales.
template <typename Args, typename F>
void visit_tensors(Args& a, F&& f) {
  using A = std::remove_const_t<Args>;
  constexpr auto in = TensorRole::input;
  constexpr auto out = TensorRole::output;
  if constexpr (std::is_same_v<A, EmbeddingArgs>) {
    visit_weight(a.table, f), f(in, a.tokens), f(out, a.y);
  } else if constexpr (std::is_same_v<A, RmsNormArgs>) {
    f(in, a.x), f(in, a.weight), f(out, a.y);
  } else if constexpr (std::is_same_v<A, QuantizeActivationsArgs>) {
    f(in, a.x), f(out, a.q), f(out, a.scales);
  } else if constexpr (std::is_same_v<A, TernaryMatmulArgs>) {
    f(in, a.q), f(in, a.scales), visit_weight(a.weight, f), visit_optional(in, a.expert_ids, f), f(out, a.y);
  } else if constexpr (std::is_same_v<A, TernaryMatmulF32Args> || std::is_same_v<A, DenseMatmulArgs>) {
    f(in, a.x), visit_weight(a.weight, f), visit_optional(in, a.expert_ids, f), f(out, a.y);
  } else if constexpr (std::is_same_v<A, RopeArgs>) {
    f(in, a.x), f(in, a.cos_sin), f(out, a.y);
  } else if constexpr (std::is_same_v<A, StoreKvArgs>) {
    f(in, a.k), f(in, a.v), f(TensorRole::in_out, a.k_cache), f(TensorRole::in_out, a.v_cache);
  } else if constexpr (std::is_same_v<A, AttentionArgs>) {
    f(in, a.q), f(in, a.k_cache), f(in, a.v_cache), f(out, a.y);
  } else if constexpr (std::is_same_v<A, GatedActivationArgs>) {
    f(in, a.gate), f(in, a.up), f(out, a.y);
  } else if constexpr (std::is_same_v<A, AddArgs>) {
    f(in, a.a), f(in, a.b), f(out, a.y);
  } else if constexpr (std::is_same_v<A, RouteTokensArgs>) {
    f(in, a.logits), f(out, a.expert_ids), f(out, a.weights);
  } else if constexpr (std::is_same_v<A, CombineExpertsArgs>) {
    f(in, a.x), f(in, a.weights), f(out, a.y);
  } else {
    A::visit(a, f);
  }
}

}  // namespace tritium
