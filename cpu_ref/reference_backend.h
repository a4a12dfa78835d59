// The Backend made of cpu_ref's loops: slow, obvious, single-threaded, the truth. The cpu backend inherits it and
// overrides what pays.
#pragma once

#include <memory>

#include "ops/backend.h"

namespace tritium {

class ReferenceBackend : public Backend {
 public:
  std::string name() const override { return "reference"; }

  Result<Tensor> allocate(const Shape& shape, DType dtype, const std::string& debug_name) override;
  Status upload(const Tensor& tensor, std::span<const std::byte> data) override;
  Status download(const Tensor& tensor, std::span<std::byte> data) override;
  Result<Weight> upload_weight(const TernaryMatrix& matrix, const std::string& debug_name) override;
  Result<Weight> upload_weight(const DenseMatrix& matrix, const std::string& debug_name) override;
  Result<TernaryMatrix> download_weight(const Weight& weight) override;
  Status submit() override { return Status(); }
  void push_label(std::string_view) override {}
  void pop_label() override {}

  Status embedding(const EmbeddingArgs& a) override;
  Status rms_norm(const RmsNormArgs& a) override;
  Status quantize_activations(const QuantizeActivationsArgs& a) override;
  Status ternary_matmul(const TernaryMatmulArgs& a) override;
  Status ternary_matmul_f32(const TernaryMatmulF32Args& a) override;
  Status dense_matmul(const DenseMatmulArgs& a) override;
  Status rope(const RopeArgs& a) override;
  Status store_kv(const StoreKvArgs& a) override;
  Status attention(const AttentionArgs& a) override;
  Status gated_activation(const GatedActivationArgs& a) override;
  Status add(const AddArgs& a) override;
  Status route_tokens(const RouteTokensArgs& a) override;
  Status combine_experts(const CombineExpertsArgs& a) override;
  Status embedding_backward(const EmbeddingBackwardArgs& a) override;
  Status rms_norm_backward(const RmsNormBackwardArgs& a) override;
  Status ternary_matmul_backward(const TernaryMatmulBackwardArgs& a) override;
  Status dense_matmul_backward(const DenseMatmulBackwardArgs& a) override;
  Status weight_gradient(const WeightGradientArgs& a) override;
  Status attention_backward(const AttentionBackwardArgs& a) override;
  Status gated_activation_backward(const GatedActivationBackwardArgs& a) override;
  Status combine_experts_backward(const CombineExpertsBackwardArgs& a) override;
  Status route_tokens_backward(const RouteTokensBackwardArgs& a) override;
  Status expert_load(const ExpertLoadArgs& a) override;
  Status cross_entropy(const CrossEntropyArgs& a) override;
  Status flip_trits(const FlipTritsArgs& a) override;
  Status kl_divergence(const KlDivergenceArgs& a) override;
  Status scaled_add(const ScaledAddArgs& a) override;
  Status sum_squares(const SumSquaresArgs& a) override;
  Status dequantize_activations(const DequantizeActivationsArgs& a) override;
  Status absmean(const AbsmeanArgs& a) override;
  Status ternarize(const TernarizeArgs& a) override;
  Status fake_quantize(const FakeQuantizeArgs& a) override;
  Status adamw_update(const AdamwUpdateArgs& a) override;
  Status sgd_update(const SgdUpdateArgs& a) override;
};

std::unique_ptr<Backend> make_reference_backend();

}  // namespace tritium
