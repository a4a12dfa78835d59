#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "ops/all.h"

namespace tritium {

TEST(ScaleColumnsReference, MultipliesEachPartOfARowWithItsScaleAndAdds) {
  const std::vector<float> z = {1, 2, 3, 4, 5, 6, 7, 8}, scales = {2, -1}, x = {10, 10, 10, 10, 0, 0, 0, 0};
  std::vector<float> y(8);
  cpu_ref::scale_columns({.n_rows = 2, .dim = 4, .columns_of_scale = 2, .gated = 0, .adds = 1}, z, scales, x, y);
  EXPECT_EQ(y, std::vector<float>({12, 14, 7, 6, 10, 12, -7, -8}));
}

TEST(ScaleColumnsReference, AGateIsTheSigmoidOfItsParameter) {
  const std::vector<float> z = {1, 1, 1}, scales = {0.0f, 2.0f, -3.0f};
  std::vector<float> y(3);
  cpu_ref::scale_columns({.n_rows = 1, .dim = 3, .columns_of_scale = 1, .gated = 1, .adds = 0}, z, scales, {}, y);
  for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(y[i], 1.0 / (1.0 + std::exp(-double{scales[i]})), 1e-7);
}

}  // namespace tritium
