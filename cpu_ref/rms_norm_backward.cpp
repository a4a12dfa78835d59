#include <cmath>
#include <vector>

#include "cpu_ref/operations.h"

namespace tritium::cpu_ref {

void rms_norm_backward(const RmsNormBackwardParams& p, std::span<const float> x, std::span<const float> weight,
                       std::span<const float> dy, std::span<float> dx, std::span<float> dweight) {
  std::vector<double> sums(dweight.begin(), dweight.end());
  for (size_t row = 0; row < p.n_rows; ++row) {
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
