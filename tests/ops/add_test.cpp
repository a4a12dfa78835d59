#include <gtest/gtest.h>

#include <vector>

#include "ops/all.h"

namespace tritium {

TEST(AddReference, SumsElementByElement) {
  const std::vector<float> a = {1.0f, -2.5f, 3.0f}, b = {0.5f, 2.5f, -7.0f};
  std::vector<float> y(3);
  cpu_ref::add({.n_values = 3}, a, b, y);
  EXPECT_EQ(y, (std::vector<float>{1.5f, 0.0f, -4.0f}));
}

}  // namespace tritium
