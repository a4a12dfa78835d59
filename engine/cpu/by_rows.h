// Operations whose parts (rows, tokens, values) do not depend on each other, as rows of two tables.
//
// ByRows says which kernel, how many parts, and what one costs. The kernel takes the operation's params, the layout of
// its packed weight where it has one, the parts of a thread, and its tensors in the order of Op::visit.
//
// ReferenceByRows shares the reference's loop among threads: a call of it on a part of the rows of every tensor.
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
struct ByRows<Embedding> {
  static auto kernel(const KernelSet& k) { return k.rows.embedding; }
  static const Weight& packed(const Embedding& op) { return op.table; }
  static Parts parts(const EmbeddingParams& p) { return {p.n_tokens, p.dim / 2}; }
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
template <>
struct ByRows<FlipTrits> {
  static auto kernel(const KernelSet& k) { return k.updates.flip_trits; }
  static const Weight& packed(const FlipTrits& op) { return op.weight; }
  static Parts parts(const FlipTritsParams& p) { return {p.n_rows, 2 * int64_t{p.cols}}; }
};
template <>
struct ByRows<Ternarize> {
  static auto kernel(const KernelSet& k) { return k.updates.ternarize; }
  static const Weight& packed(const Ternarize& op) { return op.weight; }
  static Parts parts(const TernarizeParams& p) { return {p.n_rows, p.cols}; }
};
template <>
struct ByRows<AdamwUpdate> {
  static auto kernel(const KernelSet& k) { return k.updates.adamw_update; }
  static const Weight& packed(const AdamwUpdate& op) { return op.shadow.weight; }
  static Parts parts(const AdamwUpdateParams& p) { return {p.shadow.n_rows, 2 * int64_t{p.shadow.cols}}; }
};
template <>
struct ByRows<SgdUpdate> {
  static auto kernel(const KernelSet& k) { return k.updates.sgd_update; }
  static const Weight& packed(const SgdUpdate& op) { return op.shadow.weight; }
  static Parts parts(const SgdUpdateParams& p) { return {p.shadow.n_rows, p.shadow.cols}; }
};

template <typename Op>
struct ReferenceByRows;

// Every tensor is shared equally by the rows, but for those that are `whole`.
struct NoneWhole {
  static bool whole(const auto&, const Tensor*) { return false; }
};

// About 1 ns a value: the one row of a decoded token, of 151936 logits, less than a hundredth of the product that made
// it. A kernel for vector registers would not be noticed.
template <>
struct ReferenceByRows<Argmax> : NoneWhole {
  static constexpr auto n_rows = &ArgmaxParams::n_rows;
  static int64_t cost(const ArgmaxParams& p) { return p.cols; }
};
template <>
struct ReferenceByRows<DequantizeActivations> : NoneWhole {
  static constexpr auto n_rows = &DequantizeActivationsParams::n_rows;
  static int64_t cost(const DequantizeActivationsParams& p) { return p.cols; }
};
template <>
struct ReferenceByRows<CombineExpertsBackward> : NoneWhole {
  static constexpr auto n_rows = &CombineExpertsBackwardParams::n_tokens;
  static int64_t cost(const CombineExpertsBackwardParams& p) { return int64_t{p.top_k} * p.dim; }
};
template <>
struct ReferenceByRows<RouteTokensBackward> {
  static constexpr auto n_rows = &RouteTokensBackwardParams::n_tokens;
  static bool whole(const RouteTokensBackward& op, const Tensor* tensor) { return tensor == &op.load; }
  static int64_t cost(const RouteTokensBackwardParams& p) { return p.n_experts * 8; }
};
template <>
struct ReferenceByRows<StoreKv> {
  static constexpr auto n_rows = &StoreKvParams::n_tokens;
  static bool whole(const StoreKv& op, const Tensor* tensor) { return tensor == &op.k_cache || tensor == &op.v_cache; }
  static int64_t cost(const StoreKvParams& p) { return (int64_t{p.k_row} + p.v_row) / 4; }
};

}  // namespace tritium::cpu
