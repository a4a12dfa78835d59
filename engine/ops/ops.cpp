#include "ops/ops.h"

#include <utility>

#include "ops/checks.h"

namespace tritium {

Status dispatch(Backend& backend, const EmbeddingArgs& args) { return backend.embedding(args); }
Status dispatch(Backend& backend, const RmsNormArgs& args) { return backend.rms_norm(args); }
Status dispatch(Backend& backend, const QuantizeActivationsArgs& args) { return backend.quantize_activations(args); }
Status dispatch(Backend& backend, const TernaryMatmulArgs& args) { return backend.ternary_matmul(args); }
Status dispatch(Backend& backend, const TernaryMatmulF32Args& args) { return backend.ternary_matmul_f32(args); }
Status dispatch(Backend& backend, const DenseMatmulArgs& args) { return backend.dense_matmul(args); }
Status dispatch(Backend& backend, const RopeArgs& args) { return backend.rope(args); }
Status dispatch(Backend& backend, const StoreKvArgs& args) { return backend.store_kv(args); }
Status dispatch(Backend& backend, const AttentionArgs& args) { return backend.attention(args); }
Status dispatch(Backend& backend, const GatedActivationArgs& args) { return backend.gated_activation(args); }
Status dispatch(Backend& backend, const AddArgs& args) { return backend.add(args); }
Status dispatch(Backend& backend, const RouteTokensArgs& args) { return backend.route_tokens(args); }
Status dispatch(Backend& backend, const CombineExpertsArgs& args) { return backend.combine_experts(args); }
Status dispatch(Backend& backend, const EmbeddingBackwardArgs& args) { return backend.embedding_backward(args); }
Status dispatch(Backend& backend, const RmsNormBackwardArgs& args) { return backend.rms_norm_backward(args); }
Status dispatch(Backend& backend, const TernaryMatmulBackwardArgs& args) {
  return backend.ternary_matmul_backward(args);
}
Status dispatch(Backend& backend, const DenseMatmulBackwardArgs& args) { return backend.dense_matmul_backward(args); }
Status dispatch(Backend& backend, const WeightGradientArgs& args) { return backend.weight_gradient(args); }
Status dispatch(Backend& backend, const AttentionBackwardArgs& args) { return backend.attention_backward(args); }
Status dispatch(Backend& backend, const GatedActivationBackwardArgs& args) {
  return backend.gated_activation_backward(args);
}
Status dispatch(Backend& backend, const CombineExpertsBackwardArgs& args) {
  return backend.combine_experts_backward(args);
}
Status dispatch(Backend& backend, const RouteTokensBackwardArgs& args) { return backend.route_tokens_backward(args); }
Status dispatch(Backend& backend, const ExpertLoadArgs& args) { return backend.expert_load(args); }
Status dispatch(Backend& backend, const CrossEntropyArgs& args) { return backend.cross_entropy(args); }
Status dispatch(Backend& backend, const FlipTritsArgs& args) { return backend.flip_trits(args); }
Status dispatch(Backend& backend, const KlDivergenceArgs& args) { return backend.kl_divergence(args); }
Status dispatch(Backend& backend, const ScaledAddArgs& args) { return backend.scaled_add(args); }
Status dispatch(Backend& backend, const SumSquaresArgs& args) { return backend.sum_squares(args); }
Status dispatch(Backend& backend, const DequantizeActivationsArgs& args) {
  return backend.dequantize_activations(args);
}
Status dispatch(Backend& backend, const AbsmeanArgs& args) { return backend.absmean(args); }
Status dispatch(Backend& backend, const TernarizeArgs& args) { return backend.ternarize(args); }
Status dispatch(Backend& backend, const FakeQuantizeArgs& args) { return backend.fake_quantize(args); }
Status dispatch(Backend& backend, const AdamwUpdateArgs& args) { return backend.adamw_update(args); }
Status dispatch(Backend& backend, const SgdUpdateArgs& args) { return backend.sgd_update(args); }

template <typename Args>
void Ops::record(const Args& args) {
  if (!status_.ok()) return;
  status_ = check(args);
  if (status_.ok()) status_ = dispatch(backend_, args);
}

void Ops::embedding(const EmbeddingArgs& args) { record(args); }
void Ops::rms_norm(const RmsNormArgs& args) { record(args); }
void Ops::quantize_activations(const QuantizeActivationsArgs& args) { record(args); }
void Ops::ternary_matmul(const TernaryMatmulArgs& args) { record(args); }
void Ops::ternary_matmul_f32(const TernaryMatmulF32Args& args) { record(args); }
void Ops::dense_matmul(const DenseMatmulArgs& args) { record(args); }
void Ops::rope(const RopeArgs& args) { record(args); }
void Ops::store_kv(const StoreKvArgs& args) { record(args); }
void Ops::attention(const AttentionArgs& args) { record(args); }
void Ops::gated_activation(const GatedActivationArgs& args) { record(args); }
void Ops::add(const AddArgs& args) { record(args); }
void Ops::route_tokens(const RouteTokensArgs& args) { record(args); }
void Ops::combine_experts(const CombineExpertsArgs& args) { record(args); }
void Ops::embedding_backward(const EmbeddingBackwardArgs& args) { record(args); }
void Ops::rms_norm_backward(const RmsNormBackwardArgs& args) { record(args); }
void Ops::ternary_matmul_backward(const TernaryMatmulBackwardArgs& args) { record(args); }
void Ops::dense_matmul_backward(const DenseMatmulBackwardArgs& args) { record(args); }
void Ops::weight_gradient(const WeightGradientArgs& args) { record(args); }
void Ops::attention_backward(const AttentionBackwardArgs& args) { record(args); }
void Ops::gated_activation_backward(const GatedActivationBackwardArgs& args) { record(args); }
void Ops::combine_experts_backward(const CombineExpertsBackwardArgs& args) { record(args); }
void Ops::route_tokens_backward(const RouteTokensBackwardArgs& args) { record(args); }
void Ops::expert_load(const ExpertLoadArgs& args) { record(args); }
void Ops::cross_entropy(const CrossEntropyArgs& args) { record(args); }
void Ops::flip_trits(const FlipTritsArgs& args) { record(args); }
void Ops::kl_divergence(const KlDivergenceArgs& args) { record(args); }
void Ops::scaled_add(const ScaledAddArgs& args) { record(args); }
void Ops::sum_squares(const SumSquaresArgs& args) { record(args); }
void Ops::dequantize_activations(const DequantizeActivationsArgs& args) { record(args); }
void Ops::absmean(const AbsmeanArgs& args) { record(args); }
void Ops::ternarize(const TernarizeArgs& args) { record(args); }
void Ops::fake_quantize(const FakeQuantizeArgs& args) { record(args); }
void Ops::adamw_update(const AdamwUpdateArgs& args) { record(args); }
void Ops::sgd_update(const SgdUpdateArgs& args) { record(args); }

void Ops::upload(const Tensor& tensor, std::span<const std::byte> data) {
  if (status_.ok()) status_ = backend_.upload(tensor, data);
}

void Ops::download(const Tensor& tensor, std::span<std::byte> data) {
  if (status_.ok()) status_ = backend_.download(tensor, data);
}

void Ops::fail(Status status) {
  if (status_.ok()) status_ = std::move(status);
}

Status Ops::finish() { return std::exchange(status_, Status()); }

}  // namespace tritium
