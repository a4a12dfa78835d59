// y = w, 0 where |w| is below that of rank n_pruned, from the least, of its row.
#include "ops/prune.h"

#include <algorithm>
#include <bit>
#include <vector>

#include "cpu_ref/weight_value.h"

namespace tritium::cpu_ref {

void prune(const PruneParams& p, std::span<const std::byte> parameter, std::span<float> y) {
  // Floats of one sign are in the order of their bits.
  std::vector<uint32_t> magnitudes(p.cols);
  for (size_t row = 0; row < p.n_rows; ++row) {
    const auto value = [&](size_t c) { return parameter_value(parameter, p.plane, row * p.plane.row_stride + c); };
    const auto magnitude = [](float w) { return std::bit_cast<uint32_t>(w) & 0x7FFFFFFFu; };
    for (size_t c = 0; c < p.cols; ++c) magnitudes[c] = magnitude(value(c));
    const auto ranked = magnitudes.begin() + static_cast<std::ptrdiff_t>(p.n_pruned);
    std::nth_element(magnitudes.begin(), ranked, magnitudes.end());
    for (size_t c = 0; c < p.cols; ++c) {
      const float w = value(c);
      y[row * p.plane.row_stride + c] = magnitude(w) < *ranked ? 0.0f : w;
    }
  }
}

}  // namespace tritium::cpu_ref
