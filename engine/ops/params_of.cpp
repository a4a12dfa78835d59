#include "ops/params_of.h"

namespace tritium {
namespace {

uint32_t u32(int64_t value) { return static_cast<uint32_t>(value); }

// Rows of a tensor when its last dimension is the row.
int64_t rows_of(const Tensor& tensor) { return tensor.elements() / tensor.shape[-1]; }

}  // namespace

AddParams params_of(const AddArgs& a) { return {.n_values = u32(a.y.elements())}; }

AttentionParams params_of(const AttentionArgs& a) {
  return {.n_tokens = u32(a.q.shape[0]),
          .n_heads = u32(a.q.shape[1]),
          .n_kv_heads = u32(a.k_cache.shape[1]),
          .key_dim = u32(a.q.shape[2]),
          .value_dim = u32(a.v_cache.shape[2]),
          .position = u32(a.position),
          .window = u32(a.window),
          .scale = a.scale,
          .capacity = u32(a.k_cache.shape[0]),
          .n_sequences = u32(a.n_sequences)};
}

CombineExpertsParams params_of(const CombineExpertsArgs& a) {
  return {.n_tokens = u32(a.y.shape[0]), .top_k = u32(a.weights.shape[1]), .dim = u32(a.y.shape[1])};
}

DenseMatmulParams params_of(const DenseMatmulArgs& a) {
  return {.n_rows = u32(a.y.shape[0]),
          .out_features = u32(a.weight.rows),
          .cols = u32(a.weight.cols),
          .row_stride = u32(a.weight.row_stride),
          .dtype = static_cast<uint32_t>(a.weight.dtype),
          .rows_per_x = u32(a.y.shape[0] / a.x.shape[0]),
          .n_matrices = u32(a.weight.n_matrices),
          .routed = a.expert_ids ? 1u : 0u,
          .first_weight_row = 0,
          .n_weight_rows = u32(a.weight.n_matrices * a.weight.rows)};
}

EmbeddingParams params_of(const EmbeddingArgs& a) {
  return {.n_tokens = u32(a.tokens.elements()),
          .dim = u32(a.table.cols),
          .row_stride = u32(a.table.row_stride),
          .dtype = static_cast<uint32_t>(a.table.dtype),
          .group_size = u32(a.table.group_size),
          .n_groups = u32(a.table.groups_per_row()),
          .first_weight_row = 0,
          .n_weight_rows = u32(a.table.rows)};
}

GatedActivationParams params_of(const GatedActivationArgs& a) {
  return {.n_values = u32(a.y.elements()), .activation = static_cast<uint32_t>(a.activation), .clamp_at = a.clamp};
}

QuantizeActivationsParams params_of(const QuantizeActivationsArgs& a) {
  const int64_t padded = a.q.shape[1];
  return {.n_rows = u32(a.x.shape[0]),
          .cols = u32(a.x.shape[1]),
          .padded_cols = u32(padded),
          .block = u32(a.scales.shape[1] == 1 ? padded : padded / a.scales.shape[1])};
}

RmsNormParams params_of(const RmsNormArgs& a) {
  return {.n_rows = u32(rows_of(a.x)), .dim = u32(a.x.shape[-1]), .eps = a.eps};
}

RopeParams params_of(const RopeArgs& a) {
  return {.n_tokens = u32(a.x.shape[0]),
          .n_heads = u32(a.x.shape[1]),
          .head_dim = u32(a.x.shape[2]),
          .n_rotated = u32(2 * a.cos_sin.shape[1]),
          .pairing = static_cast<uint32_t>(a.pairing)};
}

RouteTokensParams params_of(const RouteTokensArgs& a) {
  return {.n_tokens = u32(a.logits.shape[0]),
          .n_experts = u32(a.logits.shape[1]),
          .top_k = u32(a.expert_ids.shape[1]),
          .renormalize = a.renormalize ? 1u : 0u,
          .scale = a.scale};
}

StoreKvParams params_of(const StoreKvArgs& a) {
  return {.n_tokens = u32(a.k.shape[0]),
          .k_row = u32(a.k.shape[1] * a.k.shape[2]),
          .v_row = u32(a.v.shape[1] * a.v.shape[2]),
          .position = u32(a.position)};
}

TernaryMatmulParams params_of(const TernaryMatmulArgs& a) {
  const int64_t padded = a.weight.row_stride;
  return {.n_rows = u32(a.y.shape[0]),
          .out_features = u32(a.weight.rows),
          .padded_cols = u32(padded),
          .group_size = u32(a.weight.group_size),
          .n_groups = u32(a.weight.groups_per_row()),
          .block = u32(a.scales.shape[1] == 1 ? padded : padded / a.scales.shape[1]),
          .n_blocks = u32(a.scales.shape[1]),
          .rows_per_x = u32(a.y.shape[0] / a.q.shape[0]),
          .n_matrices = u32(a.weight.n_matrices),
          .routed = a.expert_ids ? 1u : 0u,
          .first_weight_row = 0,
          .n_weight_rows = u32(a.weight.n_matrices * a.weight.rows)};
}

TernaryMatmulF32Params params_of(const TernaryMatmulF32Args& a) {
  return {.n_rows = u32(a.y.shape[0]),
          .out_features = u32(a.weight.rows),
          .cols = u32(a.weight.cols),
          .padded_cols = u32(a.weight.row_stride),
          .group_size = u32(a.weight.group_size),
          .n_groups = u32(a.weight.groups_per_row()),
          .rows_per_x = u32(a.y.shape[0] / a.x.shape[0]),
          .n_matrices = u32(a.weight.n_matrices),
          .routed = a.expert_ids ? 1u : 0u,
          .first_weight_row = 0,
          .n_weight_rows = u32(a.weight.n_matrices * a.weight.rows)};
}

}  // namespace tritium
