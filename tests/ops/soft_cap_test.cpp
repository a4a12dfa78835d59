#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "ops/all.h"

namespace tritium {

TEST(SoftCapReference, IsNearlyItsInputNearZeroAndNeverExceedsTheCap) {
  const std::vector<float> x = {0.0f, 0.01f, -0.01f, 30.0f, 1e6f, -1e6f};
  std::vector<float> y(x.size());
  cpu_ref::soft_cap({.n_values = 6, .cap = 30.0f}, x, y);
  EXPECT_EQ(y[0], 0.0f);
  EXPECT_NEAR(y[1], 0.01f, 1e-8);
  EXPECT_EQ(y[2], -y[1]);
  EXPECT_NEAR(y[3], 30.0 * std::tanh(1.0), 1e-5);
  EXPECT_EQ(y[4], 30.0f);
  EXPECT_EQ(y[5], -30.0f);
}

}  // namespace tritium
