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
};

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
