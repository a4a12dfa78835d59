// Operations whose parts (rows, tokens, values) do not depend on each other: a row of this table says which kernel, how
// many parts, and what one costs. The kernel takes the operation's params, the parts of a thread, and its tensors in
// the order of Op::visit.
#pragma once

#include "cpu/kernels.h"
#include "ops/all.h"

namespace tritium::cpu {

struct Parts {
  int64_t n;
  int64_t cost;         // ns of one, roughly and on one thread
  int64_t granule = 1;  // parts that one thread does together
};
// A line of 16 floats, so that threads do not write to the same one.
constexpr int64_t kLine = 16;

template <typename Op>
struct ByRows;

template <>
struct ByRows<Add> {
  static auto kernel(const KernelSet& k) { return k.rows.add; }
  static Parts parts(const AddParams& p) { return {p.n_values, 4, kLine}; }
};
template <>
struct ByRows<ScaledAdd> {
  static auto kernel(const KernelSet& k) { return k.rows.scaled_add; }
  static Parts parts(const ScaledAddParams& p) { return {p.n_values, 4, kLine}; }
};
template <>
struct ByRows<GatedActivation> {
  static auto kernel(const KernelSet& k) { return k.rows.gated_activation; }
  static Parts parts(const GatedActivationParams& p) { return {p.n_values, 1}; }
};
template <>
struct ByRows<GatedActivationBackward> {
  static auto kernel(const KernelSet& k) { return k.gradients.gated_activation_backward; }
  static Parts parts(const GatedActivationBackwardParams& p) { return {p.n_values, 1}; }
};
template <>
struct ByRows<RmsNorm> {
  static auto kernel(const KernelSet& k) { return k.rows.rms_norm; }
  static Parts parts(const RmsNormParams& p) { return {p.n_rows, p.dim / 4}; }
};
template <>
struct ByRows<QuantizeActivations> {
  static auto kernel(const KernelSet& k) { return k.rows.quantize_activations; }
  static Parts parts(const QuantizeActivationsParams& p) {
    return {int64_t{p.n_rows} * (p.padded_cols / p.block), p.block / 4};
  }
};
template <>
struct ByRows<Rope> {
  static auto kernel(const KernelSet& k) { return k.rows.rope; }
  static Parts parts(const RopeParams& p) { return {p.n_tokens, int64_t{p.n_heads} * p.head_dim / 4}; }
};
template <>
struct ByRows<RouteTokens> {
  static auto kernel(const KernelSet& k) { return k.rows.route_tokens; }
  static Parts parts(const RouteTokensParams& p) { return {p.n_tokens, int64_t{p.n_experts} * 2 + 50}; }
};
template <>
struct ByRows<CombineExperts> {
  static auto kernel(const KernelSet& k) { return k.rows.combine_experts; }
  static Parts parts(const CombineExpertsParams& p) { return {p.n_tokens, int64_t{p.top_k} * p.dim / 4}; }
};
template <>
struct ByRows<CrossEntropy> {
  static auto kernel(const KernelSet& k) { return k.gradients.cross_entropy; }
  static Parts parts(const CrossEntropyParams& p) { return {p.n_rows, p.vocab_size}; }
};
template <>
struct ByRows<KlDivergence> {
  static auto kernel(const KernelSet& k) { return k.gradients.kl_divergence; }
  static Parts parts(const KlDivergenceParams& p) { return {p.n_rows, 2 * int64_t{p.vocab_size}}; }
};

}  // namespace tritium::cpu
