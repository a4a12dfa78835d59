#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "ops/all.h"
#include "tests/ops/finite_difference.h"

namespace tritium {

TEST(ScaleColumnsBackwardReference, IsTheDerivativeOfTheScaledSum) {
  constexpr uint32_t kRows = 3, kDim = 6;
  const auto z = random_floats(kRows * kDim, 1), dy = random_floats(kRows * kDim, 3);
  for (const uint32_t columns : {1u, 2u, 6u})
    for (const uint32_t gated : {0u, 1u}) {
      const auto scales = random_floats(kDim / columns, 2);
      std::vector<float> dz(z.size()), dscales(scales.size());
      cpu_ref::scale_columns_backward(
          {.n_rows = kRows, .dim = kDim, .columns_of_scale = columns, .gated = gated, .accumulate = 0}, z, scales, dy,
          dz, dscales);
      const auto loss = [&](const Doubles& in, const Doubles& s) {
        double sum = 0;
        for (size_t i = 0; i < in.size(); ++i) {
          const double scale = s[i % kDim / columns];
          sum += dy[i] * in[i] * (gated != 0 ? 1 / (1 + std::exp(-scale)) : scale);
        }
        return sum;
      };
      const Doubles z0(z.begin(), z.end()), s0(scales.begin(), scales.end());
      expect_gradient(
          dz, [&](const Doubles& in) { return loss(in, s0); }, z);
      expect_gradient(
          dscales, [&](const Doubles& s) { return loss(z0, s); }, scales);
    }
}

}  // namespace tritium
