// Operations that are one dispatch of the kernel of their name, bound to their tensors in the order of Op::visit. A row
// of this table says how many workgroups that takes.
#pragma once

#include <algorithm>
#include <vector>

#include "ops/all.h"
#include "vulkan/ops/bindings.h"
#include "vulkan/ops/grid.h"

namespace tritium::vulkan {

inline int64_t workgroups_of(const Absmean& op) { return op.n_groups; }
inline int64_t workgroups_of(const AdamwUpdate& op) { return rows_of(op.shadow.parameter); }
inline int64_t workgroups_of(const Add& op) { return groups_for_values(op.y); }
inline int64_t workgroups_of(const BalanceBias& op) { return groups_for_values(op.bias); }
inline int64_t workgroups_of(const CombineExperts& op) { return groups_for_values(op.y); }
inline int64_t workgroups_of(const CombineExpertsBackward& op) { return op.weights.elements(); }
inline int64_t workgroups_of(const CrossEntropy& op) { return op.logits.shape[0]; }
inline int64_t workgroups_of(const DequantizeActivations& op) { return groups_for_values(op.x); }
inline int64_t workgroups_of(const EmbeddingBackward& op) { return op.dy.shape[0]; }
inline int64_t workgroups_of(const ExpertLoad& op) { return op.load.elements(); }
inline int64_t workgroups_of(const FakeQuantize& op) { return rows_of(op.parameter); }
inline int64_t workgroups_of(const FlipTrits& op) { return rows_of(op.weight); }
inline int64_t workgroups_of(const GatedActivation& op) { return groups_for_values(op.y); }
inline int64_t workgroups_of(const GatedActivationBackward& op) { return groups_for_values(op.dy); }
// One for each expert and one for the slots without.
inline int64_t workgroups_of(const GroupRows& op) { return op.start.elements(); }
inline int64_t workgroups_of(const IntegerScales& op) { return op.alpha.elements(); }
inline int64_t workgroups_of(const KlDivergence& op) { return op.logits.shape[0]; }
inline int64_t workgroups_of(const NextToken&) { return 1; }
inline int64_t workgroups_of(const NormRows& op) { return op.x.shape[0]; }
inline int64_t workgroups_of(const PreviousRows& op) { return groups_for_values(op.y); }
inline int64_t workgroups_of(const PreviousRowsBackward& op) { return groups_for_values(op.dx); }
inline int64_t workgroups_of(const Prune& op) { return rows_of(op.parameter); }
inline int64_t workgroups_of(const QuantizeActivations& op) { return op.scales.elements(); }
inline int64_t workgroups_of(const MergeSplits& op) { return op.parts.shape[0]; }
inline int64_t workgroups_of(const RejectValues& op) { return op.x.shape[0] * op.x.shape[1]; }
inline int64_t workgroups_of(const RejectValuesBackward& op) { return op.v.shape[0] * op.v.shape[1]; }
inline int64_t workgroups_of(const RmsNorm& op) { return rows_of(op.x); }
inline int64_t workgroups_of(const Rope& op) { return groups_for_values(op.y); }
inline int64_t workgroups_of(const RouteTokens& op) { return op.logits.shape[0]; }
inline int64_t workgroups_of(const RouteTokensBackward& op) { return op.logits.shape[0]; }
inline int64_t workgroups_of(const ScaleColumns& op) { return groups_for_values(op.y); }
inline int64_t workgroups_of(const ScaledAdd& op) { return groups_for_values(op.y); }
inline int64_t workgroups_of(const SgdUpdate& op) { return rows_of(op.shadow.parameter); }
inline int64_t workgroups_of(const SoftCap& op) { return groups_for_values(op.y); }
inline int64_t workgroups_of(const SoftCapBackward& op) { return groups_for_values(op.dx); }
inline int64_t workgroups_of(const SparseSigns& op) { return op.alpha.elements(); }
inline int64_t workgroups_of(const StoreKv& op) { return 2 * op.k.shape[0] * op.k.shape[1]; }
inline int64_t workgroups_of(const Ternarize& op) { return rows_of(op.parameter); }
inline int64_t workgroups_of(const ThresholdScales& op) { return rows_of(op.parameter); }
inline int64_t workgroups_of(const WeightGradient& op) {
  constexpr int64_t kFeatures = 64, kColumns = 32;              // of a workgroup of shaders/weight_gradient.comp
  const int64_t matrices = op.expert_ids ? op.dw.shape[0] : 1;  // 0 alone when not routed
  return matrices * ceil_div(op.dw.shape[1], kFeatures) * ceil_div(op.dw.shape[2], kColumns);
}

// What a kernel cannot do: `unsupported`.
inline Status kernel_limit(std::string_view op, std::string_view what, int64_t value) {
  // The arrays in shaders/attention.comp, group_rows.comp, route_tokens.comp, route_tokens_backward.comp.
  constexpr int64_t kMost = 1024;
  if (value <= kMost) return Status();
  return error(StatusCode::unsupported, op, ": ", what, " is ", value, ", Vulkan kernels take at most ", kMost);
}
inline Status fits_kernel(const auto&) { return Status(); }
inline Status fits_kernel(const Attention& op) {
  return kernel_limit(op.kName, "a head's size", std::max(op.q.shape[2], op.v_cache.shape[2]));
}
inline Status fits_kernel(const GroupRows& op) {
  return kernel_limit(op.kName, "the number of experts", op.start.elements() - 1);
}
inline Status fits_kernel(const RouteTokens& op) { return kernel_limit(op.kName, "top_k", op.expert_ids.shape[1]); }
inline Status fits_kernel(const RouteTokensBackward& op) {
  return kernel_limit(op.kName, "top_k", op.expert_ids.shape[1]);
}

// Specialisation constants 0, 1, …
inline std::vector<uint32_t> constants_of(const auto& op) {
  if constexpr (requires { op.now; }) return {op.now ? 1u : 0u};
  return {};
}
inline std::vector<uint32_t> constants_of(const SgdUpdate& op) { return {op.m ? 1u : 0u, op.now ? 1u : 0u}; }

template <typename Op>
Status launch_one(Recorder& recorder, const Op& op) {
  if (Status status = fit_whole(op, recorder.limits()); !status.ok()) return status;
  if (Status status = fits_kernel(op); !status.ok()) return status;
  const auto params = op.params();
  return recorder.dispatch({.kernel = Op::kName,
                            .bindings = bindings_of(op),
                            .push_constants = bytes_of(params),
                            .groups = folded_groups(workgroups_of(op), recorder.limits()),
                            .constants = constants_of(op)});
}

}  // namespace tritium::vulkan
