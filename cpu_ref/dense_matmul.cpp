// y = x W^T with dense weights, and dx = dy W.
#include <cmath>
#include <vector>

#include "base/cancel.h"
#include "cpu_ref/weight_value.h"
#include "ops/dense_matmul.h"
#include "ops/dense_matmul_backward.h"

namespace tritium::cpu_ref {

void dense_matmul(const DenseMatmulParams& p, std::span<const float> x, std::span<const std::byte> weight,
                  std::span<const int32_t> expert_ids, std::span<float> y) {
  const auto dtype = static_cast<DType>(p.dtype);
  for (size_t r = 0; r < p.n_rows; ++r) {
    const int64_t matrix = p.routed ? expert_ids[r] : 0;
    const bool exists = matrix >= 0 && matrix < p.n_matrices;
    const auto row_of_x = x.subspan(r / p.rows_per_x * p.cols, p.cols);
    for (size_t n = 0; n < p.out_features; ++n) {
      check_cancelled_every<64>(n);
      double sum = 0;
      const size_t start = (static_cast<size_t>(exists ? matrix : 0) * p.out_features + n) * p.row_stride;
      for (size_t c = 0; exists && c < p.cols; ++c) sum += double{row_of_x[c]} * dense_value(weight, dtype, start + c);
      y[r * p.out_features + n] = static_cast<float>(sum);
    }
  }
}

void dense_matmul_backward(const DenseMatmulBackwardParams& p, std::span<const float> dy,
                           std::span<const std::byte> weight, std::span<const int32_t> expert_ids,
                           std::span<float> dx) {
  std::vector<double> sums(dx.size());
  if (p.accumulate) sums.assign(dx.begin(), dx.end());
  for (size_t r = 0; r < p.n_rows; ++r) {
    const int64_t matrix = p.routed ? expert_ids[r] : 0;
    if (matrix < 0 || matrix >= p.n_matrices) continue;
    for (size_t n = 0; n < p.out_features; ++n) {
      check_cancelled_every<64>(n);
      const size_t row = static_cast<size_t>(matrix) * p.out_features + n;
      for (size_t c = 0; c < p.cols; ++c)
        sums[r / p.rows_per_x * p.cols + c] += double{dy[r * p.out_features + n]} *
                                               dense_value(weight, static_cast<DType>(p.dtype), row * p.row_stride + c);
    }
  }
  for (size_t i = 0; i < sums.size(); ++i) dx[i] = static_cast<float>(sums[i]);
}

}  // namespace tritium::cpu_ref
