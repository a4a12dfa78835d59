// The class behind cpu_backend.h. Host memory as in the reference; ternary weights are kept as layout/
// says, everything else as the reference keeps it.
#pragma once

#include <algorithm>
#include <utility>

#include "base/thread_pool.h"
#include "cpu/by_rows.h"
#include "cpu/row_order.h"
#include "cpu/rungs.h"
#include "cpu_ref/reference_backend.h"

namespace tritium {

class CpuBackend final : public Each<CpuBackend, HostBackend, AllOps> {
 public:
  // Operations that run on the reference's loops: they add up, count or sort some thousand numbers, which takes no
  // longer than starting a thread.
  using OnTheReference = OpList<Absmean, ExpertLoad, GroupRows>;

  CpuBackend(const cpu::KernelSet& kernels, int threads) : kernels_(kernels), pool_(threads) {}

  std::string name() const override { return "cpu"; }

  using HostBackend::upload_weight;  // dense weights: unchanged
  Result<Weight> upload_weight(const TernaryMatrix& matrix, const std::string& debug_name) override;

  Result<TernaryMatrix> download_weight(const Weight& weight) override;

  template <typename Op>
  Status each(const Op& op) {
    if constexpr (OnTheReference::contains<Op>) {
      cpu_ref::call(Op::reference, op);
      return Status();
    } else if constexpr (requires { cpu::ByRows<Op>::kernel(kernels_); }) {
      by_rows(op, cpu::ByRows<Op>::kernel(kernels_));
      return Status();
    } else {
      return compute(op);
    }
  }

  // Operations whose work is split in a way of its own: <op>.cpp.
  Status compute(const AdamwUpdate& op);
  Status compute(const Argmax& op);
  Status compute(const Attention& op);
  Status compute(const AttentionBackward& op);
  Status compute(const CombineExpertsBackward& op);
  Status compute(const DenseMatmul& op);
  Status compute(const DenseMatmulBackward& op);
  Status compute(const DequantizeActivations& op);
  Status compute(const Embedding& op);
  Status compute(const EmbeddingBackward& op);
  Status compute(const FakeQuantize& op);
  Status compute(const FlipTrits& op);
  Status compute(const RmsNormBackward& op);
  Status compute(const RouteTokensBackward& op);
  Status compute(const SgdUpdate& op);
  Status compute(const StoreKv& op);
  Status compute(const SumSquares& op);
  Status compute(const Ternarize& op);
  Status compute(const TernaryMatmul& op);
  Status compute(const TernaryMatmulBackward& op);
  Status compute(const TernaryMatmulF32& op);
  Status compute(const WeightGradient& op);

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

  template <typename Op, typename Params, typename... Pointers>
  void by_rows(const Op& op, void (*kernel)(const Params&, cpu::Range, Pointers...)) {
    const Params params = op.params();
    cpu_ref::Planes planes(op);
    const std::tuple<Pointers...> tensors{planes.next<std::span<std::remove_pointer_t<Pointers>>>().data()...};
    const cpu::Parts parts = cpu::ByRows<Op>::parts(params);
    const int64_t n = ceil_div(parts.n, parts.granule);
    split(n, parts.cost, [&](int64_t first, int64_t last) noexcept {
      const cpu::Range range = {first * parts.granule, std::min(last * parts.granule, parts.n)};
      std::apply([&](Pointers... pointers) { kernel(params, range, pointers...); }, tensors);
    });
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

  static cpu::ShadowCall shadow_call(const ShadowUpdate& s, const ShadowParams& p);
  void run_training_attention(const cpu::TrainingAttention& call,
                              void (*kernel)(const cpu::TrainingAttention&, float*, int64_t, int64_t));

  // Zeros for rows of y whose expert id names no matrix.
  void clear_rows_without_matrix(float* y, int64_t row_length);

  // A loop shared by sleeping threads starts some 5 to 50 µs late, by spinning ones 1 µs.
  static constexpr int64_t kWorthWaking = 10'000;

  const cpu::KernelSet kernels_;
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
void CpuBackend::input_gradient(const InputGradient& g, const Tensor& dy, const Tensor& expert_ids, const Tensor& dx,
                                const WeightOf& weight) {
  order_.sort(g.n_rows, g.rows_per_x, g.n_matrices, static_cast<bool>(expert_ids), host_span<int32_t>(expert_ids));
  const float* gradient = host_span<float>(dy).data();
  const auto out = host_span<float>(dx);
  // A row of dx may have several contributions, or none.
  if (!g.accumulate) std::ranges::fill(out, 0.0f);
  const int64_t n_vectors = ceil_div(g.cols, int64_t{kernels_.floats.lanes});
  split(n_vectors, product_cost(g.n_rows, g.out_features), [&](int64_t first, int64_t last) noexcept {
    for (const RowOrder::Group& group : order_.groups())
      kernels_.floats.float_product({.m = group.size(),
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
void CpuBackend::split_matrices(int64_t n_blocks, const CostOf& cost_of, const Body& body) {
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
