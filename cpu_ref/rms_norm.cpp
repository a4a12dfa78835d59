// y = x / sqrt(mean(x^2) + eps) * weight (Zhang & Sennrich 2019), and the gradients.
#include <cmath>
#include <vector>

#include "base/cancel.h"
#include "ops/rms_norm.h"
#include "ops/rms_norm_backward.h"

namespace tritium::cpu_ref {

void rms_norm(const RmsNormParams& p, std::span<const float> x, std::span<const float> weight, std::span<float> y) {
  for (size_t r = 0; r < p.n_rows; ++r) {
    check_cancelled();
    double sum_of_squares = 0;
    for (size_t d = 0; d < p.dim; ++d) sum_of_squares += double{x[r * p.dim + d]} * x[r * p.dim + d];
    const double inverse_rms = 1.0 / std::sqrt(sum_of_squares / p.dim + double{p.eps});
    for (size_t d = 0; d < p.dim; ++d)
      y[r * p.dim + d] = static_cast<float>(x[r * p.dim + d] * inverse_rms * weight[d]);
  }
}

void rms_norm_backward(const RmsNormBackwardParams& p, std::span<const float> x, std::span<const float> weight,
                       std::span<const float> dy, std::span<float> dx, std::span<float> dweight) {
  std::vector<double> sums(dweight.begin(), dweight.end());
  for (size_t row = 0; row < p.n_rows; ++row) {
    check_cancelled();
    const size_t start = row * p.dim;
    double squares = 0;
    double products = 0;
    for (size_t d = 0; d < p.dim; ++d) {
      squares += double{x[start + d]} * x[start + d];
      products += double{weight[d]} * dy[start + d] * x[start + d];
    }
    const double r = 1.0 / std::sqrt(squares / p.dim + p.eps);
    const double mean = products / p.dim;
    for (size_t d = 0; d < p.dim; ++d) {
      const double gradient = r * (double{weight[d]} * dy[start + d] - x[start + d] * r * r * mean);
      dx[start + d] = static_cast<float>((p.accumulate ? dx[start + d] : 0.0) + gradient);
      sums[d] += double{dy[start + d]} * x[start + d] * r;
    }
  }
  for (size_t d = 0; d < p.dim; ++d) dweight[d] = static_cast<float>(sums[d]);
}

}  // namespace tritium::cpu_ref
