#include <gtest/gtest.h>

#include <vector>

#include "ops/all.h"

namespace tritium {

TEST(BalanceBiasReference, RaisesExpertsBelowTheirShareAndLowersThoseAbove) {
  const std::vector<float> load = {0.5f, 0.25f, 0.25f, 0.0f};
  std::vector<float> bias = {0.0f, 1.0f, -1.0f, 0.5f};
  cpu_ref::balance_bias({.n_experts = 4, .rate = 0.25f}, load, bias);
  EXPECT_EQ(bias, (std::vector<float>{-0.25f, 1.0f, -1.0f, 0.75f}));
}

}  // namespace tritium
