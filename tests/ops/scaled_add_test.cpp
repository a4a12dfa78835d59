#include <gtest/gtest.h>

#include <vector>

#include "ops/all.h"

namespace tritium {

TEST(ScaledAddReference, SumsMultiples) {
  const std::vector<float> a = {1.0f, -2.5f, 3.0f}, b = {0.5f, 2.5f, -7.0f};
  std::vector<float> y(3);
  cpu_ref::scaled_add({.n_values = 3, .a_scale = 2.0f, .b_scale = -1.0f}, a, b, y);
  EXPECT_EQ(y, (std::vector<float>{1.5f, -7.5f, 13.0f}));
}

}  // namespace tritium
