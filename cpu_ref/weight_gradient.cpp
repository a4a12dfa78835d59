// dW = dY^T X: the gradient of the weights of a product, straight through their rounding (Bengio et al. 2013).
#include <cmath>
#include <vector>

#include "base/cancel.h"
#include "ops/weight_gradient.h"

namespace tritium::cpu_ref {

void weight_gradient(const WeightGradientParams& p, std::span<const float> x, std::span<const int8_t> q,
                     std::span<const float> scales, std::span<const float> dy, std::span<const int32_t> expert_ids,
                     std::span<float> dw) {
  std::vector<double> sums(dw.begin(), dw.end());
  std::vector<double> row_of_x(p.cols);
  for (size_t r = 0; r < p.n_rows; ++r) {
    const int64_t matrix = p.routed ? expert_ids[r] : 0;
    if (matrix < 0 || matrix >= p.n_matrices) continue;
    const size_t from = r / p.rows_per_x;
    for (size_t c = 0; c < p.cols; ++c)
      row_of_x[c] = p.quantized
                        ? scales[from * p.n_blocks + c / p.block] * static_cast<float>(q[from * p.padded_cols + c])
                        : x[from * p.cols + c];
    for (size_t n = 0; n < p.out_features; ++n) {
      check_cancelled_every<64>(n);
      for (size_t c = 0; c < p.cols; ++c)
        sums[(static_cast<size_t>(matrix) * p.out_features + n) * p.cols + c] +=
            dy[r * p.out_features + n] * row_of_x[c];
    }
  }
  for (size_t i = 0; i < sums.size(); ++i) dw[i] = static_cast<float>(sums[i]);
}

}  // namespace tritium::cpu_ref
