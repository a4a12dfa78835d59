// Ops: what models are written on. Checks an operation's arguments once for all backends, hands it to the backend, and
// keeps the first error: after one, further operations do nothing and finish() returns it. So a layer reads like the
// paper, without an error branch a line.
//
// Thread rule: one Ops, one thread; it does not take Backend::mutex(), its user does.
#pragma once

#include <span>
#include <string_view>

#include "ops/backend.h"

namespace tritium {

class Ops {
 public:
  explicit Ops(Backend& backend) : backend_(backend) {}

  void embedding(const EmbeddingArgs& args);
  void rms_norm(const RmsNormArgs& args);
  void quantize_activations(const QuantizeActivationsArgs& args);
  void ternary_matmul(const TernaryMatmulArgs& args);
  void ternary_matmul_f32(const TernaryMatmulF32Args& args);
  void dense_matmul(const DenseMatmulArgs& args);
  void rope(const RopeArgs& args);
  void store_kv(const StoreKvArgs& args);
  void attention(const AttentionArgs& args);
  void gated_activation(const GatedActivationArgs& args);
  void add(const AddArgs& args);
  void route_tokens(const RouteTokensArgs& args);
  void combine_experts(const CombineExpertsArgs& args);
  void embedding_backward(const EmbeddingBackwardArgs& args);
  void rms_norm_backward(const RmsNormBackwardArgs& args);
  void ternary_matmul_backward(const TernaryMatmulBackwardArgs& args);
  void dense_matmul_backward(const DenseMatmulBackwardArgs& args);
  void weight_gradient(const WeightGradientArgs& args);
  void attention_backward(const AttentionBackwardArgs& args);
  void gated_activation_backward(const GatedActivationBackwardArgs& args);
  void combine_experts_backward(const CombineExpertsBackwardArgs& args);
  void route_tokens_backward(const RouteTokensBackwardArgs& args);
  void expert_load(const ExpertLoadArgs& args);
  void cross_entropy(const CrossEntropyArgs& args);
  void flip_trits(const FlipTritsArgs& args);
  void kl_divergence(const KlDivergenceArgs& args);
  void scaled_add(const ScaledAddArgs& args);
  void sum_squares(const SumSquaresArgs& args);
  void dequantize_activations(const DequantizeActivationsArgs& args);
  void absmean(const AbsmeanArgs& args);
  void ternarize(const TernarizeArgs& args);
  void fake_quantize(const FakeQuantizeArgs& args);
  void adamw_update(const AdamwUpdateArgs& args);
  void sgd_update(const SgdUpdateArgs& args);

  void upload(const Tensor& tensor, std::span<const std::byte> data);
  // Submits, waits, reads; does nothing after an error.
  void download(const Tensor& tensor, std::span<std::byte> data);

  // Reports an error of the caller's own (an allocation between operations), unless there is one already.
  void fail(Status status);
  bool ok() const { return status_.ok(); }

  // The first error since the last finish(), which is forgotten.
  Status finish();

  Backend& backend() { return backend_; }

  // A level of the debug label tree, closed at the end of the scope.
  class Label {
   public:
    Label(Ops& ops, std::string_view name) : ops_(ops) { ops_.backend_.push_label(name); }
    ~Label() { ops_.backend_.pop_label(); }
    Label(const Label&) = delete;
    Label& operator=(const Label&) = delete;

   private:
    Ops& ops_;
  };

 private:
  template <typename Args>
  void record(const Args& args);

  Backend& backend_;
  Status status_;
};

// Calls the method of `backend` that has the name of `Args`.
Status dispatch(Backend& backend, const EmbeddingArgs& args);
Status dispatch(Backend& backend, const RmsNormArgs& args);
Status dispatch(Backend& backend, const QuantizeActivationsArgs& args);
Status dispatch(Backend& backend, const TernaryMatmulArgs& args);
Status dispatch(Backend& backend, const TernaryMatmulF32Args& args);
Status dispatch(Backend& backend, const DenseMatmulArgs& args);
Status dispatch(Backend& backend, const RopeArgs& args);
Status dispatch(Backend& backend, const StoreKvArgs& args);
Status dispatch(Backend& backend, const AttentionArgs& args);
Status dispatch(Backend& backend, const GatedActivationArgs& args);
Status dispatch(Backend& backend, const AddArgs& args);
Status dispatch(Backend& backend, const RouteTokensArgs& args);
Status dispatch(Backend& backend, const CombineExpertsArgs& args);
Status dispatch(Backend& backend, const EmbeddingBackwardArgs& args);
Status dispatch(Backend& backend, const RmsNormBackwardArgs& args);
Status dispatch(Backend& backend, const TernaryMatmulBackwardArgs& args);
Status dispatch(Backend& backend, const DenseMatmulBackwardArgs& args);
Status dispatch(Backend& backend, const WeightGradientArgs& args);
Status dispatch(Backend& backend, const AttentionBackwardArgs& args);
Status dispatch(Backend& backend, const GatedActivationBackwardArgs& args);
Status dispatch(Backend& backend, const CombineExpertsBackwardArgs& args);
Status dispatch(Backend& backend, const RouteTokensBackwardArgs& args);
Status dispatch(Backend& backend, const ExpertLoadArgs& args);
Status dispatch(Backend& backend, const CrossEntropyArgs& args);
Status dispatch(Backend& backend, const FlipTritsArgs& args);
Status dispatch(Backend& backend, const KlDivergenceArgs& args);
Status dispatch(Backend& backend, const ScaledAddArgs& args);
Status dispatch(Backend& backend, const SumSquaresArgs& args);
Status dispatch(Backend& backend, const DequantizeActivationsArgs& args);
Status dispatch(Backend& backend, const AbsmeanArgs& args);
Status dispatch(Backend& backend, const TernarizeArgs& args);
Status dispatch(Backend& backend, const FakeQuantizeArgs& args);
Status dispatch(Backend& backend, const AdamwUpdateArgs& args);
Status dispatch(Backend& backend, const SgdUpdateArgs& args);

}  // namespace tritium
