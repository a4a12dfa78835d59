#include <vector>

#include "cpu_ref/operations.h"
#include "tests/ops/backend_test.h"

namespace tritium {

class ExpertLoad : public BackendTest {};
INSTANTIATE_TEST_SUITE_P(Backends, ExpertLoad, tested_backends(), backend_name);

TEST_P(ExpertLoad, AgreesWithTheReferenceOnEveryShape) { expect_agreement(GetParam(), "expert_load"); }

TEST(ExpertLoadReference, IsTheFractionOfSlots) {
  std::vector<float> load(3);
  cpu_ref::expert_load({.n_slots = 4, .n_experts = 3}, std::vector<int32_t>{0, 2, 2, 2}, load);
  EXPECT_EQ(load, (std::vector<float>{0.25f, 0.0f, 0.75f}));
}

}  // namespace tritium
