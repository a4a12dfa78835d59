#include <gtest/gtest.h>

#include <vector>

#include "ops/all.h"

namespace tritium {

TEST(SumSquaresReference, WritesItsOwnPlaceAlone) {
  std::vector<float> sums = {1, 1, 1};
  cpu_ref::sum_squares({.n_values = 2, .index = 1}, std::vector<float>{3, -4}, sums);
  EXPECT_EQ(sums, (std::vector<float>{1, 25, 1}));
}

}  // namespace tritium
