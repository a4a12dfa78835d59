// y = x W^T, x int8 codes times scales, W packed trits times scales (Ma et al. 2024, BitNet b1.58); dx = dy W.
#include <algorithm>
#include <cmath>
#include <vector>

#include "base/cancel.h"
#include "cpu_ref/weight_value.h"
#include "ops/ternary_matmul.h"
#include "ops/ternary_matmul_backward.h"

namespace tritium::cpu_ref {

void ternary_matmul(const TernaryMatmulParams& p, std::span<const int8_t> q, std::span<const float> scales,
                    std::span<const uint32_t> words, std::span<const float> weight_scales,
                    std::span<const int32_t> expert_ids, std::span<float> y) {
  const size_t segment = std::min(p.group_size, p.block);
  for (size_t r = 0; r < p.n_rows; ++r) {
    const int64_t matrix = p.routed ? expert_ids[r] : 0;
    const bool exists = matrix >= 0 && matrix < p.n_matrices;
    const size_t row_of_q = r / p.rows_per_x;
    for (size_t n = 0; n < p.out_features; ++n) {
      check_cancelled_every<64>(n);
      const size_t weight_row = static_cast<size_t>(exists ? matrix : 0) * p.out_features + n;
      float sum = 0;
      for (size_t first = 0; exists && first < p.padded_cols; first += segment) {
        int integer_sum = 0;
        for (size_t c = first; c < first + segment; ++c)
          integer_sum += trit_at(words, weight_row * p.padded_cols + c) * q[row_of_q * p.padded_cols + c];
        sum =
            shader::accumulate_segment(sum, integer_sum, weight_scales[weight_row * p.n_groups + first / p.group_size],
                                       scales[row_of_q * p.n_blocks + first / p.block]);
      }
      y[r * p.out_features + n] = sum;
    }
  }
}

void ternary_matmul_backward(const TernaryMatmulBackwardParams& p, std::span<const float> dy,
                             std::span<const uint32_t> words, std::span<const float> weight_scales,
                             std::span<const int32_t> expert_ids, std::span<float> dx) {
  std::vector<double> sums(dx.size());
  if (p.accumulate) sums.assign(dx.begin(), dx.end());
  for (size_t r = 0; r < p.n_rows; ++r) {
    const int64_t matrix = p.routed ? expert_ids[r] : 0;
    if (matrix < 0 || matrix >= p.n_matrices) continue;
    for (size_t n = 0; n < p.out_features; ++n) {
      check_cancelled_every<64>(n);
      const size_t row = static_cast<size_t>(matrix) * p.out_features + n;
      for (size_t c = 0; c < p.cols; ++c)
        sums[r / p.rows_per_x * p.cols + c] +=
            double{dy[r * p.out_features + n]} * (weight_scales[row * p.n_groups + c / p.group_size] *
                                                  static_cast<float>(trit_at(words, row * p.padded_cols + c)));
    }
  }
  for (size_t i = 0; i < sums.size(); ++i) dx[i] = static_cast<float>(sums[i]);
}

}  // namespace tritium::cpu_ref
