#include <gtest/gtest.h>

#include <vector>

#include "ops/all.h"

namespace tritium {

TEST(ExpertLoadReference, IsTheFractionOfSlots) {
  std::vector<float> load(3);
  cpu_ref::expert_load({.n_slots = 4, .n_experts = 3}, std::vector<int32_t>{0, 2, 2, 2}, load);
  EXPECT_EQ(load, (std::vector<float>{0.25f, 0.0f, 0.75f}));
}

}  // namespace tritium
