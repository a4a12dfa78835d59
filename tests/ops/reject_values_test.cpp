#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "ops/all.h"
#include "tests/ops/finite_difference.h"

namespace tritium {

TEST(RejectValuesReference, LeavesNothingAlongTheTokensOwnValue) {
  constexpr uint32_t kTokens = 3, kHeads = 4, kKvHeads = 2, kDim = 5;
  const auto x = random_floats(kTokens * kHeads * kDim, 1), v = random_floats(kTokens * kKvHeads * kDim, 2);
  std::vector<float> y(x.size());
  cpu_ref::reject_values({.n_tokens = kTokens, .n_heads = kHeads, .n_kv_heads = kKvHeads, .value_dim = kDim}, x, v, y);
  for (size_t row = 0; row < kTokens * kHeads; ++row) {
    double along = 0, change_across = 0;
    const size_t own = row / 2 * kDim;
    for (size_t d = 0; d < kDim; ++d) along += double{y[row * kDim + d]} * v[own + d];
    EXPECT_NEAR(along, 0, 1e-6);
    // What was taken away is a multiple of v: its cross products with v vanish.
    for (size_t d = 0; d + 1 < kDim; ++d)
      change_across += std::abs(double{x[row * kDim + d] - y[row * kDim + d]} * v[own + d + 1] -
                                double{x[row * kDim + d + 1] - y[row * kDim + d + 1]} * v[own + d]);
    EXPECT_NEAR(change_across, 0, 1e-5);
  }
}

}  // namespace tritium
