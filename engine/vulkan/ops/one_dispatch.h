// Operations that are one dispatch of the kernel of their name, bound to their tensors in the order of Op::visit. A row
// of this table says how many workgroups that takes.
#pragma once

#include <algorithm>
#include <vector>

#include "base/format_text.h"
#include "ops/all.h"
#include "vulkan/ops/grid.h"
#include "vulkan/ops/whole_tensors.h"

namespace tritium::vulkan {

using Groups = std::array<uint32_t, 3>;

inline Groups groups_of(const Absmean& op, const Limits& l) { return folded_groups(op.n_groups, l); }
inline Groups groups_of(const AdamwUpdate& op, const Limits& l) {
  return folded_groups(rows_of(op.shadow.parameter), l);
}
inline Groups groups_of(const Add& op, const Limits& l) { return groups_for_values(op.y.elements(), l); }
inline Groups groups_of(const Argmax& op, const Limits& l) { return folded_groups(op.logits.shape[0], l); }
inline Groups groups_of(const Attention& op, const Limits& l) {
  return folded_groups(op.q.shape[0] * op.q.shape[1], l);
}
inline Groups groups_of(const CombineExperts& op, const Limits& l) { return groups_for_values(op.y.elements(), l); }
inline Groups groups_of(const CombineExpertsBackward& op, const Limits& l) {
  return folded_groups(op.weights.elements(), l);
}
inline Groups groups_of(const CrossEntropy& op, const Limits& l) { return folded_groups(op.logits.shape[0], l); }
inline Groups groups_of(const DequantizeActivations& op, const Limits& l) {
  return groups_for_values(op.x.elements(), l);
}
inline Groups groups_of(const EmbeddingBackward& op, const Limits& l) { return folded_groups(op.dy.shape[0], l); }
inline Groups groups_of(const ExpertLoad& op, const Limits& l) { return folded_groups(op.load.elements(), l); }
inline Groups groups_of(const FakeQuantize& op, const Limits& l) { return folded_groups(rows_of(op.parameter), l); }
inline Groups groups_of(const FlipTrits& op, const Limits& l) { return folded_groups(rows_of(op.weight), l); }
inline Groups groups_of(const GatedActivation& op, const Limits& l) { return groups_for_values(op.y.elements(), l); }
inline Groups groups_of(const GatedActivationBackward& op, const Limits& l) {
  return groups_for_values(op.dy.elements(), l);
}
// One for each expert and one for the slots without.
inline Groups groups_of(const GroupRows& op, const Limits& l) { return folded_groups(op.start.elements(), l); }
inline Groups groups_of(const KlDivergence& op, const Limits& l) { return folded_groups(op.logits.shape[0], l); }
inline Groups groups_of(const QuantizeActivations& op, const Limits& l) {
  return folded_groups(op.scales.elements(), l);
}
inline Groups groups_of(const RmsNorm& op, const Limits& l) { return folded_groups(rows_of(op.x), l); }
inline Groups groups_of(const Rope& op, const Limits& l) { return groups_for_values(op.y.elements(), l); }
inline Groups groups_of(const RouteTokens& op, const Limits& l) { return folded_groups(op.logits.shape[0], l); }
inline Groups groups_of(const RouteTokensBackward& op, const Limits& l) { return folded_groups(op.logits.shape[0], l); }
inline Groups groups_of(const ScaledAdd& op, const Limits& l) { return groups_for_values(op.y.elements(), l); }
inline Groups groups_of(const SgdUpdate& op, const Limits& l) { return folded_groups(rows_of(op.shadow.parameter), l); }
inline Groups groups_of(const StoreKv& op, const Limits& l) {
  return groups_for_values(std::max(op.k.elements(), op.v.elements()), l);
}
inline Groups groups_of(const Ternarize& op, const Limits& l) { return folded_groups(rows_of(op.parameter), l); }
inline Groups groups_of(const WeightGradient& op, const Limits& l) {
  constexpr int64_t kFeatures = 64, kColumns = 32;              // of a workgroup of shaders/weight_gradient.comp
  const int64_t matrices = op.expert_ids ? op.dw.shape[0] : 1;  // 0 alone when not routed
  return folded_groups(matrices * ceil_div(op.dw.shape[1], kFeatures) * ceil_div(op.dw.shape[2], kColumns), l);
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

inline Access access_of(Role role) {
  switch (role) {
    case Role::input: return Access::read;
    case Role::in_out: return Access::read_write;
    case Role::output:
    case Role::sum_of_bf16: break;
  }
  return Access::write;
}

template <typename Op>
std::vector<Binding> bindings_of(const Op& op) {
  std::vector<Binding> bindings;
  Op::visit(op, [&](Role role, const auto& x, auto... scales) {
    const auto bind = [&](const Tensor& t, Role r) { bindings.push_back({t ? &t : nullptr, access_of(r)}); };
    if constexpr (std::is_same_v<decltype(x), const Weight&>) {
      bind(x.data, role);
      (bind(x.scales, scales.written ? role : Role::input), ...);
    } else {
      bind(x, role);
    }
  });
  return bindings;
}

template <typename Op>
Status launch_one(Recorder& recorder, const Op& op) {
  if (Status status = fit_whole(op, recorder.limits()); !status.ok()) return status;
  if (Status status = fits_kernel(op); !status.ok()) return status;
  const auto params = op.params();
  return recorder.dispatch({.kernel = Op::kName,
                            .bindings = bindings_of(op),
                            .push_constants = bytes_of(params),
                            .groups = groups_of(op, recorder.limits()),
                            .constants = constants_of(op)});
}

}  // namespace tritium::vulkan
