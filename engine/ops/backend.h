// Backend: the one interface between models and the code that computes. Three implementations: reference (cpu_ref),
// cpu (engine/simd), vulkan (engine/vulkan); engine/backends.cpp makes them.
//
// Operations record; submit() executes; download() submits, waits and reads. CPU backends execute at once. Operations
// take effect in the order of the calls, and so do uploads and downloads among them. Arguments are already checked
// (ops/ops.h does it): a backend only reports what can fail at run time (memory, device).
//
// Thread rule: one thread at a time; hold mutex() from the first operation to the download. Allocation and weight
// upload count as operations here.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

#include "ops/args.h"
#include "ops/tensor.h"
#include "tensor/dense_matrix.h"
#include "tensor/ternary_matrix.h"
#include "tritium/status.hpp"

namespace tritium {

class Backend {
 public:
  virtual ~Backend() = default;

  virtual std::string name() const = 0;  // "reference", "cpu", "vulkan:0": what --backend takes

  // Zero-filled memory. `debug_name` is what a debugger (RenderDoc) shows. Fails with out_of_memory and the numbers.
  virtual Result<Tensor> allocate(const Shape& shape, DType dtype, const std::string& debug_name) = 0;
  // `data` is as long as tensor.bytes() or shorter (then only the start is written); multiple of 4 bytes.
  virtual Status upload(const Tensor& tensor, std::span<const std::byte> data) = 0;
  virtual Status download(const Tensor& tensor, std::span<std::byte> data) = 0;
  // Weights move once, into the layout this backend wants.
  virtual Result<Weight> upload_weight(const TernaryMatrix& matrix, const std::string& debug_name) = 0;
  virtual Result<Weight> upload_weight(const DenseMatrix& matrix, const std::string& debug_name) = 0;
  // The trits and scales of a ternary weight, wherever its layout put them: scales for each row, or for each group
  // where a row has several.
  virtual Result<TernaryMatrix> download_weight(const Weight& weight) = 0;
  virtual Status submit() = 0;

  // Opens and closes a level of the label tree model/layer/op that debuggers show.
  virtual void push_label(std::string_view name) = 0;
  virtual void pop_label() = 0;

  virtual Status embedding(const EmbeddingArgs&) = 0;
  virtual Status rms_norm(const RmsNormArgs&) = 0;
  virtual Status quantize_activations(const QuantizeActivationsArgs&) = 0;
  virtual Status ternary_matmul(const TernaryMatmulArgs&) = 0;
  virtual Status ternary_matmul_f32(const TernaryMatmulF32Args&) = 0;
  virtual Status dense_matmul(const DenseMatmulArgs&) = 0;
  virtual Status rope(const RopeArgs&) = 0;
  virtual Status store_kv(const StoreKvArgs&) = 0;
  virtual Status attention(const AttentionArgs&) = 0;
  virtual Status gated_activation(const GatedActivationArgs&) = 0;
  virtual Status add(const AddArgs&) = 0;
  virtual Status route_tokens(const RouteTokensArgs&) = 0;
  virtual Status combine_experts(const CombineExpertsArgs&) = 0;
  virtual Status embedding_backward(const EmbeddingBackwardArgs&) = 0;
  virtual Status rms_norm_backward(const RmsNormBackwardArgs&) = 0;
  virtual Status ternary_matmul_backward(const TernaryMatmulBackwardArgs&) = 0;
  virtual Status dense_matmul_backward(const DenseMatmulBackwardArgs&) = 0;
  virtual Status weight_gradient(const WeightGradientArgs&) = 0;
  virtual Status attention_backward(const AttentionBackwardArgs&) = 0;
  virtual Status gated_activation_backward(const GatedActivationBackwardArgs&) = 0;
  virtual Status combine_experts_backward(const CombineExpertsBackwardArgs&) = 0;
  virtual Status route_tokens_backward(const RouteTokensBackwardArgs&) = 0;
  virtual Status expert_load(const ExpertLoadArgs&) = 0;
  virtual Status cross_entropy(const CrossEntropyArgs&) = 0;
  virtual Status flip_trits(const FlipTritsArgs&) = 0;
  virtual Status kl_divergence(const KlDivergenceArgs&) = 0;
  virtual Status scaled_add(const ScaledAddArgs&) = 0;
  virtual Status sum_squares(const SumSquaresArgs&) = 0;
  virtual Status dequantize_activations(const DequantizeActivationsArgs&) = 0;
  virtual Status absmean(const AbsmeanArgs&) = 0;
  virtual Status ternarize(const TernarizeArgs&) = 0;
  virtual Status fake_quantize(const FakeQuantizeArgs&) = 0;
  virtual Status adamw_update(const AdamwUpdateArgs&) = 0;
  virtual Status sgd_update(const SgdUpdateArgs&) = 0;

  std::mutex& mutex() { return mutex_; }

 private:
  std::mutex mutex_;
};

}  // namespace tritium
