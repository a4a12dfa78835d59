// y = x + f(s) z with a scale for each part of a row, and the gradients, in double and rounded once.
#include <cmath>
#include <vector>

#include "base/cancel.h"
#include "ops/scale_columns.h"
#include "ops/scale_columns_backward.h"

namespace tritium::cpu_ref {
namespace {

double scale_of(double s, bool gated) { return gated ? 1.0 / (1.0 + std::exp(-s)) : s; }

double slope_of(double s, bool gated) {
  const double f = scale_of(s, gated);
  return gated ? f * (1.0 - f) : 1.0;
}

}  // namespace

void scale_columns(const ScaleColumnsParams& p, std::span<const float> z, std::span<const float> scales,
                   std::span<const float> x, std::span<float> y) {
  for (size_t r = 0; r < p.n_rows; ++r) {
    check_cancelled();
    for (size_t d = 0; d < p.dim; ++d) {
      const size_t i = r * p.dim + d;
      y[i] = static_cast<float>((p.adds ? x[i] : 0.0) + scale_of(scales[d / p.columns_of_scale], p.gated) * z[i]);
    }
  }
}

void scale_columns_backward(const ScaleColumnsBackwardParams& p, std::span<const float> z,
                            std::span<const float> scales, std::span<const float> dy, std::span<float> dz,
                            std::span<float> dscales) {
  std::vector<double> sums(scales.size());
  for (size_t r = 0; r < p.n_rows; ++r) {
    check_cancelled();
    for (size_t d = 0; d < p.dim; ++d) {
      const size_t i = r * p.dim + d, s = d / p.columns_of_scale;
      const double gradient = scale_of(scales[s], p.gated) * dy[i];
      dz[i] = static_cast<float>((p.accumulate ? dz[i] : 0.0) + gradient);
      sums[s] += double{dy[i]} * z[i];
    }
  }
  for (size_t s = 0; s < sums.size(); ++s)
    dscales[s] = static_cast<float>(dscales[s] + slope_of(scales[s], p.gated) * sums[s]);
}

}  // namespace tritium::cpu_ref
