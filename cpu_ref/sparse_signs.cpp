// Of each four columns 16 apart the signs of three, those of the largest |w|; alpha = their mean |w|. Huang et al. 2025
// (Sherry).
#include "ops/sparse_signs.h"

#include <array>
#include <cmath>

#include "cpu_ref/lane_sum.h"
#include "cpu_ref/weight_value.h"
#include "shaders/lib/sparse_signs.h"
#include "tensor/half.h"

namespace tritium::cpu_ref {

void sparse_signs(const SparseSignsParams& p, std::span<const std::byte> parameter, std::span<float> y,
                  std::span<float> alpha) {
  for (size_t row = 0; row < p.n_rows; ++row) {
    const auto at = [&](size_t c) { return row * p.plane.row_stride + c; };
    const auto value = [&](size_t c) { return parameter_value(parameter, p.plane, at(c)); };
    // Four number f is columns c, c + 16, c + 32 and c + 48 with this c.
    const auto column_of = [](size_t f) { return f / 16 * 64 + f % 16; };
    for (size_t g = 0; g < p.n_groups; ++g) {
      const size_t first = g * p.group_size;
      const float sum = lane_sum(p.group_size / 4, [&](size_t f) {
        const size_t c = first + column_of(f);
        const std::array w = {value(c), value(c + 16), value(c + 32), value(c + 48)};
        const uint32_t dropped = shader::least_of_four(w[0], w[1], w[2], w[3]);
        for (uint32_t i = 0; i < 4; ++i) y[at(c + size_t{16} * i)] = i == dropped ? 0.0f : w[i] < 0.0f ? -1.0f : 1.0f;
        return shader::sum_but_least(w[0], w[1], w[2], w[3]);
      });
      const float mean = sum * p.per_kept;
      alpha[row * p.n_groups + g] = p.round_to_f16 ? f16_to_f32(f32_to_f16(mean)) : mean;
    }
  }
}

}  // namespace tritium::cpu_ref
