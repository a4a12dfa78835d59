// trit = clip(round(w / bound), -1, 1), scale = alpha: of every weight, from its shadow; bound = alpha unless it is
// given. Ma et al. 2024 (BitNet b1.58), section 2.
#include "ops/ternarize.h"
#include "cpu_ref/shadow.h"

namespace tritium::cpu_ref {

void ternarize(const TernarizeParams& p, std::span<const std::byte> parameter, std::span<const float> alpha,
               std::span<uint32_t> words, std::span<float> scales, std::span<int32_t> flips,
               std::span<const float> bound) {
  for (size_t row = 0; row < p.n_rows; ++row) {
    const auto value = [&](size_t c) { return parameter_value(parameter, p.plane, row * p.plane.row_stride + c); };
    const int32_t changed = ternarize_row(p, row, value, alpha, p.own_bound ? bound : alpha, words, scales);
    if (p.count_flips) flips[row] += changed;
  }
}

}  // namespace tritium::cpu_ref
