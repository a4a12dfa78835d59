// Operations whose parts (rows, tokens, values) do not depend on each other, as rows of two tables.
#pragma once

#include "cpu/kernels.h"
#include "ops/all.h"

namespace tritium::cpu {

// The first table: which kernel, how many parts, and what one costs. A kernel takes the operation's params, the layout
// of its packed weight where it has one, the parts of a thread, and its tensors in the order of Op::visit.
struct Parts {
  int64_t n;
  int64_t cost;         // ns of one, roughly and on one thread
  int64_t granule = 1;  // parts that one thread does together
};
// A line of 16 floats, so that threads do not write to the same one.
constexpr int64_t kLine = 16;

inline auto kernel_of(const KernelSet& k, const Add&) { return k.rows.add; }
inline Parts parts_of(const AddParams& p) { return {p.n_values, 4, kLine}; }

inline auto kernel_of(const KernelSet& k, const ScaledAdd&) { return k.rows.scaled_add; }
inline Parts parts_of(const ScaledAddParams& p) { return {p.n_values, 4, kLine}; }

inline auto kernel_of(const KernelSet& k, const GatedActivation&) { return k.rows.gated_activation; }
inline Parts parts_of(const GatedActivationParams& p) { return {p.n_values, 1}; }

inline auto kernel_of(const KernelSet& k, const GatedActivationBackward&) {
  return k.gradients.gated_activation_backward;
}
inline Parts parts_of(const GatedActivationBackwardParams& p) { return {p.n_values, 1}; }

inline auto kernel_of(const KernelSet& k, const SoftCap&) { return k.rows.soft_cap; }
inline Parts parts_of(const SoftCapParams& p) { return {p.n_values, 1, kLine}; }

inline auto kernel_of(const KernelSet& k, const SoftCapBackward&) { return k.gradients.soft_cap_backward; }
inline Parts parts_of(const SoftCapBackwardParams& p) { return {p.n_values, 1, kLine}; }

inline auto kernel_of(const KernelSet& k, const ScaleColumns&) { return k.rows.scale_columns; }
inline Parts parts_of(const ScaleColumnsParams& p) { return {p.n_rows, p.dim / 4}; }

inline auto kernel_of(const KernelSet& k, const RejectValues&) { return k.rows.reject_values; }
inline Parts parts_of(const RejectValuesParams& p) { return {p.n_tokens, int64_t{p.n_heads} * p.value_dim / 2}; }

inline auto kernel_of(const KernelSet& k, const RejectValuesBackward&) { return k.gradients.reject_values_backward; }
inline Parts parts_of(const RejectValuesBackwardParams& p) { return {p.n_tokens, int64_t{p.n_heads} * p.value_dim}; }

inline auto kernel_of(const KernelSet& k, const Embedding&) { return k.rows.embedding; }
inline Parts parts_of(const EmbeddingParams& p) { return {p.n_tokens, p.dim / 2}; }

inline auto kernel_of(const KernelSet& k, const RmsNorm&) { return k.rows.rms_norm; }
inline Parts parts_of(const RmsNormParams& p) { return {p.n_rows, p.dim / 4}; }

inline auto kernel_of(const KernelSet& k, const QuantizeActivations&) { return k.rows.quantize_activations; }
inline Parts parts_of(const QuantizeActivationsParams& p) {
  return {int64_t{p.n_rows} * (p.padded_cols / p.block), p.block / 4};
}

inline auto kernel_of(const KernelSet& k, const Rope&) { return k.rows.rope; }
inline Parts parts_of(const RopeParams& p) { return {p.n_tokens, int64_t{p.n_heads} * p.head_dim / 4}; }

inline auto kernel_of(const KernelSet& k, const StoreKv&) { return k.rows.store_kv; }
inline Parts parts_of(const StoreKvParams& p) {
  return {p.n_tokens, int64_t{p.n_kv_heads} * (p.key_dim + p.value_dim) / 8};
}

inline auto kernel_of(const KernelSet& k, const RouteTokens&) { return k.rows.route_tokens; }
inline Parts parts_of(const RouteTokensParams& p) { return {p.n_tokens, int64_t{p.n_experts} * 2 + 50}; }

inline auto kernel_of(const KernelSet& k, const CombineExperts&) { return k.rows.combine_experts; }
inline Parts parts_of(const CombineExpertsParams& p) { return {p.n_tokens, int64_t{p.top_k} * p.dim / 4}; }

inline auto kernel_of(const KernelSet& k, const Argmax&) { return k.rows.argmax; }
inline Parts parts_of(const ArgmaxParams& p) { return {p.n_rows, p.cols / 8}; }

inline auto kernel_of(const KernelSet& k, const CombineExpertsBackward&) {
  return k.gradients.combine_experts_backward;
}
inline Parts parts_of(const CombineExpertsBackwardParams& p) { return {p.n_tokens, int64_t{p.top_k} * p.dim / 4}; }

inline auto kernel_of(const KernelSet& k, const CrossEntropy&) { return k.gradients.cross_entropy; }
inline Parts parts_of(const CrossEntropyParams& p) { return {p.n_rows, p.vocab_size}; }

inline auto kernel_of(const KernelSet& k, const KlDivergence&) { return k.gradients.kl_divergence; }
inline Parts parts_of(const KlDivergenceParams& p) { return {p.n_rows, 2 * int64_t{p.vocab_size}}; }

inline auto kernel_of(const KernelSet& k, const FlipTrits&) { return k.updates.flip_trits; }
inline Parts parts_of(const FlipTritsParams& p) { return {p.n_rows, 2 * int64_t{p.cols}}; }

inline auto kernel_of(const KernelSet& k, const Ternarize&) { return k.updates.ternarize; }
inline Parts parts_of(const TernarizeParams& p) { return {p.n_rows, p.cols}; }

inline auto kernel_of(const KernelSet& k, const AdamwUpdate&) { return k.updates.adamw_update; }
inline Parts parts_of(const AdamwUpdateParams& p) { return {p.shadow.n_rows, 2 * int64_t{p.shadow.cols}}; }

inline auto kernel_of(const KernelSet& k, const SgdUpdate&) { return k.updates.sgd_update; }
inline Parts parts_of(const SgdUpdateParams& p) { return {p.shadow.n_rows, p.shadow.cols}; }

// The second table: the reference's loop shared among threads, a call of it on a part of the rows of every tensor but
// those that are `whole`.
template <typename Params>
struct SharedRows {
  uint32_t Params::*count;
  int64_t cost;  // ns of one
};

inline SharedRows<DequantizeActivationsParams> shared_rows(const DequantizeActivationsParams& p) {
  return {&DequantizeActivationsParams::n_rows, p.cols};
}
inline SharedRows<RouteTokensBackwardParams> shared_rows(const RouteTokensBackwardParams& p) {
  return {&RouteTokensBackwardParams::n_tokens, p.n_experts * 8};
}
inline SharedRows<ThresholdScalesParams> shared_rows(const ThresholdScalesParams& p) {
  return {&ThresholdScalesParams::n_rows, p.cols};
}

inline SharedRows<IntegerScalesParams> shared_rows(const IntegerScalesParams& p) {
  const int64_t reads = p.clip_search ? 6 : 1;
  return {&IntegerScalesParams::n_rows, 2 * reads * p.cols};
}
inline SharedRows<PruneParams> shared_rows(const PruneParams& p) { return {&PruneParams::n_rows, 8 * int64_t{p.cols}}; }
inline SharedRows<SparseSignsParams> shared_rows(const SparseSignsParams& p) {
  return {&SparseSignsParams::n_rows, 3 * int64_t{p.cols}};
}

bool whole(const auto&, const Tensor*) { return false; }
inline bool whole(const RouteTokensBackward& op, const Tensor* t) { return t == &op.load; }

}  // namespace tritium::cpu
