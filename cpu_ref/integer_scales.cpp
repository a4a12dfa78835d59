// s = max |w| / qmax, or of five quantiles of |w| in its place that with the least squared error: of each group of
// columns of a row.
#include "ops/integer_scales.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "cpu_ref/lane_sum.h"
#include "cpu_ref/weight_value.h"
#include "shaders/lib/integers.h"

namespace tritium::cpu_ref {
namespace {

float quantile(std::span<const float> descending, uint32_t n, uint32_t clip) {
  const float fraction = shader::fraction_of_clip(n, clip);
  const size_t rank = shader::rank_of_clip(n, clip);
  return fraction > 0.0f ? shader::between_ranks(descending[rank], descending[rank + 1], fraction) : descending[rank];
}

float error_of(std::span<const float> weights, float scale, int qmax, float per_unit) {
  const float inverse = shader::inverse_of_scale(scale);
  return lane_sum(weights.size(),
                  [&](size_t i) { return shader::integer_error(weights[i], scale, inverse, qmax, per_unit); });
}

// `magnitudes` are put in order.
float searched_scale(std::span<const float> weights, std::span<float> magnitudes, const IntegerScalesParams& p) {
  const auto n = static_cast<uint32_t>(weights.size());
  const auto qmax = static_cast<int>(p.quantizer);
  const size_t needed = std::min<size_t>(n, shader::rank_of_clip(n, TRITIUM_N_CLIPS - 1) + size_t{2});
  std::partial_sort(magnitudes.begin(), magnitudes.begin() + static_cast<std::ptrdiff_t>(needed), magnitudes.end(),
                    std::greater<>());
  const float most = magnitudes[0];
  if (!(most >= TRITIUM_SMALLEST_MAX)) return 0.0f;
  const float per_unit = shader::exact_quotient(4, most);
  float best = 0, least = 0;
  for (uint32_t clip = 0; clip < TRITIUM_N_CLIPS; ++clip) {
    const float scale = shader::stored_integer_scale(quantile(magnitudes, n, clip), qmax, p.round_to_f16 != 0);
    if (scale == 0.0f || scale == best) continue;
    const float error = error_of(weights, scale, qmax, per_unit);
    if (best == 0.0f || error < least) best = scale, least = error;
  }
  return best;
}

}  // namespace

void integer_scales(const IntegerScalesParams& p, std::span<const std::byte> parameter, std::span<float> alpha) {
  std::vector<float> weights, magnitudes;
  for (size_t row = 0; row < p.n_rows; ++row)
    for (size_t g = 0; g < p.n_groups; ++g) {
      const size_t first = g * p.group_size, n = std::min<size_t>(p.cols - first, p.group_size);
      weights.resize(n), magnitudes.resize(n);
      float most = 0;
      for (size_t c = 0; c < n; ++c) {
        weights[c] = parameter_value(parameter, p.plane, row * p.plane.row_stride + first + c);
        magnitudes[c] = std::abs(weights[c]);
        most = std::fmax(most, magnitudes[c]);
      }
      alpha[row * p.n_groups + g] =
          p.clip_search ? searched_scale(weights, magnitudes, p)
                        : shader::stored_integer_scale(most, static_cast<int>(p.quantizer), p.round_to_f16 != 0);
    }
}

}  // namespace tritium::cpu_ref
