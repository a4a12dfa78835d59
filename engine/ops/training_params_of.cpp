#include "base/checked_math.h"
#include "ops/params_of.h"

namespace tritium {
namespace {

uint32_t u32(int64_t value) { return static_cast<uint32_t>(value); }

int64_t rows_of(const Weight& weight) { return weight.n_matrices * weight.rows; }
// A row has one group when the size is not given.
int64_t group_size_of(int64_t group_size, int64_t cols) { return group_size > 0 ? group_size : cols; }

ShadowParams params_of(const ShadowUpdate& s) {
  const int64_t group_size = group_size_of(s.group_size, s.parameter.cols);
  return {.n_rows = u32(rows_of(s.parameter)),
          .cols = u32(s.parameter.cols),
          .row_stride = u32(s.parameter.row_stride),
          .dtype = static_cast<uint32_t>(s.parameter.dtype),
          .stochastic = static_cast<uint32_t>(s.rounding),
          .seed = s.seed,
          .step = s.step,
          .stream = s.stream,
          .noise_scale = s.alpha ? s.noise_scale : 0.0f,
          .noise_zone = s.noise_zone,
          .clip = s.alpha ? s.clip : 0.0f,
          .n_alpha = s.alpha ? u32(s.alpha.elements()) : 0,
          .n_groups = u32(ceil_div(s.parameter.cols, group_size)),
          .group_size = u32(group_size),
          .with_sums = s.sums ? 1u : 0u,
          .with_weight = s.weight.data ? 1u : 0u,
          .padded_cols = u32(s.weight.row_stride),
          .n_scales = u32(s.weight.groups_per_row()),
          .count_flips = s.flips ? 1u : 0u};
}

}  // namespace

EmbeddingBackwardParams params_of(const EmbeddingBackwardArgs& a) {
  return {.n_tokens = u32(a.dy.shape[0]), .vocab_size = u32(a.dtable.shape[0]), .dim = u32(a.dy.shape[1])};
}

RmsNormBackwardParams params_of(const RmsNormBackwardArgs& a) {
  return {.n_rows = u32(a.x.elements() / a.x.shape[-1]),
          .dim = u32(a.x.shape[-1]),
          .eps = a.eps,
          .accumulate = a.accumulate ? 1u : 0u};
}

TernaryMatmulBackwardParams params_of(const TernaryMatmulBackwardArgs& a) {
  return {.n_rows = u32(a.dy.shape[0]),
          .out_features = u32(a.weight.rows),
          .cols = u32(a.weight.cols),
          .padded_cols = u32(a.weight.row_stride),
          .group_size = u32(a.weight.group_size),
          .n_groups = u32(a.weight.groups_per_row()),
          .rows_per_x = u32(a.dy.shape[0] / a.dx.shape[0]),
          .n_matrices = u32(a.weight.n_matrices),
          .routed = a.expert_ids ? 1u : 0u,
          .accumulate = a.accumulate ? 1u : 0u,
          .slot = 0,
          .first_weight_row = 0,
          .n_weight_rows = u32(rows_of(a.weight))};
}

DenseMatmulBackwardParams params_of(const DenseMatmulBackwardArgs& a) {
  return {.n_rows = u32(a.dy.shape[0]),
          .out_features = u32(a.weight.rows),
          .cols = u32(a.weight.cols),
          .row_stride = u32(a.weight.row_stride),
          .dtype = static_cast<uint32_t>(a.weight.dtype),
          .rows_per_x = u32(a.dy.shape[0] / a.dx.shape[0]),
          .n_matrices = u32(a.weight.n_matrices),
          .routed = a.expert_ids ? 1u : 0u,
          .accumulate = a.accumulate ? 1u : 0u,
          .slot = 0,
          .first_weight_row = 0,
          .n_weight_rows = u32(rows_of(a.weight))};
}

WeightGradientParams params_of(const WeightGradientArgs& a) {
  const int64_t x_rows = a.x ? a.x.shape[0] : a.q.shape[0];
  const int64_t padded = a.x ? 0 : a.q.shape[1];
  const int64_t n_blocks = a.x ? 1 : a.scales.shape[1];
  return {.n_rows = u32(a.dy.shape[0]),
          .out_features = u32(a.dw.shape[1]),
          .cols = u32(a.dw.shape[2]),
          .quantized = a.x ? 0u : 1u,
          .padded_cols = u32(padded),
          .block = u32(padded / n_blocks),
          .n_blocks = u32(n_blocks),
          .rows_per_x = u32(a.dy.shape[0] / x_rows),
          .n_matrices = u32(a.dw.shape[0]),
          .routed = a.expert_ids ? 1u : 0u};
}

AttentionBackwardParams params_of(const AttentionBackwardArgs& a) {
  return {.n_sequences = u32(a.n_sequences),
          .sequence_length = u32(a.q.shape[0] / a.n_sequences),
          .n_heads = u32(a.q.shape[1]),
          .n_kv_heads = u32(a.k.shape[1]),
          .key_dim = u32(a.q.shape[2]),
          .value_dim = u32(a.v.shape[2]),
          .window = u32(a.window),
          .scale = a.scale};
}

GatedActivationBackwardParams params_of(const GatedActivationBackwardArgs& a) {
  return {.n_values = u32(a.dy.elements()), .activation = static_cast<uint32_t>(a.activation), .clamp_at = a.clamp};
}

CombineExpertsBackwardParams params_of(const CombineExpertsBackwardArgs& a) {
  return {.n_tokens = u32(a.dy.shape[0]), .top_k = u32(a.weights.shape[1]), .dim = u32(a.dy.shape[1])};
}

RouteTokensBackwardParams params_of(const RouteTokensBackwardArgs& a) {
  return {.n_tokens = u32(a.logits.shape[0]),
          .n_experts = u32(a.logits.shape[1]),
          .top_k = u32(a.expert_ids.shape[1]),
          .renormalize = a.renormalize ? 1u : 0u,
          .scale = a.scale,
          .balance = a.balance / static_cast<float>(a.logits.shape[0]),
          .z_loss = a.z_loss / static_cast<float>(a.logits.shape[0])};
}

ExpertLoadParams params_of(const ExpertLoadArgs& a) {
  return {.n_slots = u32(a.expert_ids.elements()), .n_experts = u32(a.load.elements())};
}

CrossEntropyParams params_of(const CrossEntropyArgs& a) {
  return {.n_rows = u32(a.logits.shape[0]),
          .vocab_size = u32(a.logits.shape[1]),
          .scale = a.scale,
          .with_gradient = a.dlogits ? 1u : 0u};
}

FlipTritsParams params_of(const FlipTritsArgs& a) {
  const Weight& w = a.weight;
  return {.n_rows = u32(rows_of(w)),
          .cols = u32(w.cols),
          .padded_cols = u32(w.row_stride),
          .group_size = u32(w.group_size),
          .n_scales = u32(w.groups_per_row()),
          .seed = a.seed,
          .step = a.step,
          .stream = a.stream,
          .count_flips = a.flips ? 1u : 0u};
}

KlDivergenceParams params_of(const KlDivergenceArgs& a) {
  return {.n_rows = u32(a.logits.shape[0]),
          .vocab_size = u32(a.logits.shape[1]),
          .temperature = a.temperature,
          .scale = a.scale,
          .with_gradient = a.dlogits ? 1u : 0u};
}

ScaledAddParams params_of(const ScaledAddArgs& a) {
  return {.n_values = u32(a.y.elements()), .a_scale = a.a_scale, .b_scale = a.b_scale};
}

SumSquaresParams params_of(const SumSquaresArgs& a) { return {.n_values = u32(a.x.elements()), .index = u32(a.index)}; }

DequantizeActivationsParams params_of(const DequantizeActivationsArgs& a) {
  return {.n_rows = u32(a.x.shape[0]),
          .cols = u32(a.x.shape[1]),
          .padded_cols = u32(a.q.shape[1]),
          .block = u32(a.q.shape[1] / a.scales.shape[1]),
          .n_blocks = u32(a.scales.shape[1])};
}

AbsmeanParams params_of(const AbsmeanArgs& a) {
  return {.n_sums = u32(a.sums.elements()),
          .n_groups = u32(a.n_groups),
          .first = u32(a.first),
          .factor = a.factor,
          .momentum = a.momentum,
          .round_to_f16 = a.round_to_f16 ? 1u : 0u};
}

TernarizeParams params_of(const TernarizeArgs& a) {
  return {.n_rows = u32(rows_of(a.parameter)),
          .cols = u32(a.parameter.cols),
          .row_stride = u32(a.parameter.row_stride),
          .padded_cols = u32(a.weight.row_stride),
          .dtype = static_cast<uint32_t>(a.parameter.dtype),
          .n_alpha = u32(a.alpha.elements()),
          .n_groups = u32(ceil_div(a.parameter.cols, a.weight.group_size)),
          .group_size = u32(a.weight.group_size),
          .n_scales = u32(a.weight.groups_per_row()),
          .count_flips = a.flips ? 1u : 0u};
}

FakeQuantizeParams params_of(const FakeQuantizeArgs& a) {
  const int64_t group_size = group_size_of(a.group_size, a.parameter.cols);
  return {.n_rows = u32(rows_of(a.parameter)),
          .cols = u32(a.parameter.cols),
          .row_stride = u32(a.parameter.row_stride),
          .dtype = static_cast<uint32_t>(a.parameter.dtype),
          .quantizer = static_cast<uint32_t>(a.quantizer),
          .n_alpha = a.alpha ? u32(a.alpha.elements()) : 0,
          .n_groups = u32(ceil_div(a.parameter.cols, group_size)),
          .group_size = u32(group_size),
          .lambda = a.lambda};
}

AdamwUpdateParams params_of(const AdamwUpdateArgs& a) {
  return {.shadow = params_of(a.shadow),
          .learning_rate = a.learning_rate,
          .beta1 = a.beta1,
          .beta2 = a.beta2,
          .eps = a.eps,
          .weight_decay = a.weight_decay,
          .correction1 = a.correction1,
          .correction2 = a.correction2,
          .gradient_scale = a.gradient_scale,
          .states_8bit = a.m_scales ? 1u : 0u};
}

SgdUpdateParams params_of(const SgdUpdateArgs& a) {
  return {.shadow = params_of(a.shadow),
          .learning_rate = a.learning_rate,
          .momentum = a.m ? a.momentum : 0.0f,
          .weight_decay = a.weight_decay,
          .gradient_scale = a.gradient_scale};
}

}  // namespace tritium
