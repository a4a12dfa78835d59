#include <gtest/gtest.h>

#include <vector>

#include "ops/all.h"

namespace tritium {

TEST(CombineExpertsReference, WeighsEachSlotOfAToken) {
  const std::vector<float> x = {1, 2, 10, 20, 3, 4, 30, 40};  // 2 tokens, 2 slots, dim 2
  const std::vector<float> weights = {0.5f, 0.5f, 1.0f, 0.0f};
  std::vector<float> y(4);
  cpu_ref::combine_experts({.n_tokens = 2, .top_k = 2, .dim = 2}, x, weights, y);
  EXPECT_EQ(y, (std::vector<float>{5.5f, 11.0f, 3.0f, 4.0f}));
}

}  // namespace tritium
