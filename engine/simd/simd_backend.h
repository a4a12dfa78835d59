// The class behind cpu_backend.h. Host memory as in the reference; ternary weights are kept in blocks of 32
// rows (kernels.h), everything else as the reference keeps it.
#pragma once

#include <algorithm>
#include <utility>

#include "base/checked_math.h"
#include "base/thread_pool.h"
#include "cpu_ref/host_memory.h"
#include "cpu_ref/reference_backend.h"
#include "ops/params_of.h"
#include "simd/kernels.h"
#include "simd/row_order.h"

namespace tritium {

class SimdBackend final : public ReferenceBackend {
 public:
  SimdBackend(const simd::KernelTable& kernels, int threads) : kernels_(kernels), pool_(threads) {}

  std::string name() const override { return "cpu"; }

  using ReferenceBackend::upload_weight;  // dense weights: unchanged
  Result<Weight> upload_weight(const TernaryMatrix& matrix, const std::string& debug_name) override;

  Result<TernaryMatrix> download_weight(const Weight& weight) override;

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
  Status ternary_matmul_backward(const TernaryMatmulBackwardArgs& a) override;
  Status dense_matmul_backward(const DenseMatmulBackwardArgs& a) override;
  Status weight_gradient(const WeightGradientArgs& a) override;
  Status embedding_backward(const EmbeddingBackwardArgs& a) override;
  Status rms_norm_backward(const RmsNormBackwardArgs& a) override;
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

 private:
  // body(first, last) on parts of 0 … n - 1. `cost` is the time of one item in ns, roughly and on one thread:
  // below kWorthWaking in all, the caller does the work itself.
  template <typename Body>
  void split(int64_t n, int64_t cost, const Body& body) {
    if (n <= kWorthWaking / std::max<int64_t>(cost, 1)) {
      if (n > 0) body(0, n);
    } else {
      pool_.run(n, body);
    }
  }

  // body(group, first, last) for blocks 0 … n_blocks - 1 of the matrix of every group of order_.
  // cost_of(group) is that of one block; each thread gets a contiguous stretch of blocks, matrix after
  // matrix, of equal cost.
  template <typename CostOf, typename Body>
  void split_matrices(int64_t n_blocks, const CostOf& cost_of, const Body& body);

  // dX of a product, whatever W is stored as; weight(matrix) describes one matrix.
  struct InputGradient {
    int64_t n_rows, out_features, cols, rows_per_x, n_matrices;
    bool accumulate;
  };
  template <typename WeightOf>
  void input_gradient(const InputGradient& g, const Tensor& dy, const Tensor& expert_ids, const Tensor& dx,
                      const WeightOf& weight);

  // Of a column vector of a float product of `depth` terms for m rows: two fused multiply-adds a cycle.
  static int64_t product_cost(int64_t m, int64_t depth) { return m * depth / 6 + depth + 1; }

  static simd::ShadowCall shadow_call(const ShadowUpdate& s, const ShadowParams& p);
  void run_training_attention(const simd::TrainingAttention& call,
                              void (*kernel)(const simd::TrainingAttention&, float*, int64_t, int64_t));

  // Rows first … last - 1 of a tensor's values.
  template <typename T>
  static std::span<T> rows_of(std::span<T> values, int64_t first, int64_t last, int64_t row) {
    return values.empty() ? values
                          : values.subspan(static_cast<size_t>(first * row), static_cast<size_t>((last - first) * row));
  }

  // Zeros for rows of y whose expert id names no matrix.
  void clear_rows_without_matrix(float* y, int64_t row_length);

  // A loop shared by sleeping threads starts some 5 to 50 µs late, by spinning ones 1 µs.
  static constexpr int64_t kWorthWaking = 10'000;

  const simd::KernelTable& kernels_;
  ThreadPool pool_;

  // Memory of ternary_matmul, kept from call to call.
  RowOrder order_;
  std::vector<std::pair<int64_t, int64_t>> panels_;
  std::vector<int8_t> packed_;
  std::vector<int32_t> packed_sums_;
  std::vector<float> packed_scales_;

  std::vector<float> inverse_rms_;        // of rms_norm_backward
  std::vector<float> attention_scratch_;  // of attention in training
};

template <typename WeightOf>
void SimdBackend::input_gradient(const InputGradient& g, const Tensor& dy, const Tensor& expert_ids, const Tensor& dx,
                                 const WeightOf& weight) {
  order_.sort(g.n_rows, g.rows_per_x, g.n_matrices, static_cast<bool>(expert_ids), host_span<int32_t>(expert_ids));
  const float* gradient = host_span<float>(dy).data();
  const auto out = host_span<float>(dx);
  // A row of dx may have several contributions, or none.
  if (!g.accumulate) std::ranges::fill(out, 0.0f);
  const int64_t n_vectors = ceil_div(g.cols, int64_t{kernels_.lanes});
  split(n_vectors, product_cost(g.n_rows, g.out_features), [&](int64_t first, int64_t last) noexcept {
    for (const RowOrder::Group& group : order_.groups())
      kernels_.float_product({.m = group.size(),
                              .n = g.cols,
                              .depth = g.out_features,
                              .a = gradient,
                              .a_rows = order_.y_rows() + group.first,
                              .a_stride = g.out_features,
                              .a_by_column = false,
                              .b = weight(group.matrix),
                              .c = out.data(),
                              .c_rows = order_.x_rows() + group.first,
                              .c_stride = g.cols,
                              .accumulate = true},
                             first, last);
  });
}

template <typename CostOf, typename Body>
void SimdBackend::split_matrices(int64_t n_blocks, const CostOf& cost_of, const Body& body) {
  int64_t total = 0;
  for (const RowOrder::Group& group : order_.groups()) total += n_blocks * cost_of(group);
  split(total, 1, [&](int64_t from, int64_t to) noexcept {
    int64_t start = 0;  // cost before this group
    for (const RowOrder::Group& group : order_.groups()) {
      const int64_t cost = cost_of(group);
      // A block belongs to the part in which its first ns lies.
      const int64_t first = std::clamp<int64_t>(ceil_div(std::max<int64_t>(from - start, 0), cost), 0, n_blocks);
      const int64_t last = std::clamp<int64_t>(ceil_div(std::max<int64_t>(to - start, 0), cost), 0, n_blocks);
      if (first < last) body(group, first, last);
      start += n_blocks * cost;
    }
  });
}

}  // namespace tritium
