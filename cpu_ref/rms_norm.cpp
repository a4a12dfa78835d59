#include <cmath>

#include "cpu_ref/operations.h"

namespace tritium::cpu_ref {

void rms_norm(const RmsNormParams& p, std::span<const float> x, std::span<const float> weight, std::span<float> y) {
  for (size_t r = 0; r < p.n_rows; ++r) {
    double sum_of_squares = 0;
    for (size_t d = 0; d < p.dim; ++d) sum_of_squares += double{x[r * p.dim + d]} * x[r * p.dim + d];
    const double inverse_rms = 1.0 / std::sqrt(sum_of_squares / p.dim + double{p.eps});
    for (size_t d = 0; d < p.dim; ++d)
      y[r * p.dim + d] = static_cast<float>(x[r * p.dim + d] * inverse_rms * weight[d]);
  }
}

}  // namespace tritium::cpu_ref
