#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "ops/all.h"

namespace tritium {

TEST(RmsNormReference, TheResultHasRootMeanSquareOne) {
  const std::vector<float> x = {3, -4, 12, 0.5f}, weight(4, 1.0f);
  std::vector<float> y(4);
  cpu_ref::rms_norm({.n_rows = 1, .dim = 4, .eps = 0.0f}, x, weight, y);
  double squares = 0;
  for (float v : y) squares += double{v} * v;
  EXPECT_NEAR(squares / 4, 1.0, 1e-6);
  EXPECT_NEAR(y[1] / y[0], -4.0 / 3.0, 1e-6);
}

TEST(RmsNormReference, TheWeightScalesEachColumn) {
  const std::vector<float> x = {2, 2}, weight = {1, 10};
  std::vector<float> y(2);
  cpu_ref::rms_norm({.n_rows = 1, .dim = 2, .eps = 0.0f}, x, weight, y);
  EXPECT_EQ(y, (std::vector<float>{1, 10}));
}

TEST(RmsNormReference, EpsKeepsARowOfZerosAtZero) {
  const std::vector<float> x(3, 0.0f), weight(3, 1.0f);
  std::vector<float> y(3, 5.0f);
  cpu_ref::rms_norm({.n_rows = 1, .dim = 3, .eps = 1e-12f}, x, weight, y);
  EXPECT_EQ(y, std::vector<float>(3, 0.0f));
}

}  // namespace tritium
