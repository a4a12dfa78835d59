// bound = 2 * 0.7 mean |w|, alpha = the mean of the |w| with 2 |w| > bound: of each row. Li et al. 2016 (Ternary Weight
// Networks), section 2.3.
#include "ops/threshold_scales.h"

#include <cmath>

#include "cpu_ref/weight_value.h"
#include "tensor/half.h"

namespace tritium::cpu_ref {

void threshold_scales(const ThresholdScalesParams& p, std::span<const std::byte> parameter, std::span<float> alpha,
                      std::span<float> bound) {
  for (size_t row = 0; row < p.n_rows; ++row) {
    const auto magnitude = [&](size_t c) {
      return std::abs(parameter_value(parameter, p.plane, row * p.plane.row_stride + c));
    };
    double sum = 0;
    for (size_t c = 0; c < p.cols; ++c) sum += magnitude(c);
    bound[row] = static_cast<float>(2 * 0.7 * sum / p.cols);
    double kept = 0, n_kept = 0;
    for (size_t c = 0; c < p.cols; ++c)
      if (2 * magnitude(c) > bound[row]) kept += magnitude(c), n_kept += 1;
    const auto mean = static_cast<float>(n_kept > 0 ? kept / n_kept : 0.0);
    alpha[row] = p.round_to_f16 ? f16_to_f32(f32_to_f16(mean)) : mean;
  }
}

}  // namespace tritium::cpu_ref
