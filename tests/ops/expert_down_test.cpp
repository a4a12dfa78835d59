#include "tests/ops/composed.h"

namespace tritium {
namespace {

class ExpertDownReference : public ComposedTest {};

TEST_F(ExpertDownReference, AddsUpTheSlotsByTheirWeights) {
  const Tensor y = zeros({1, 2});
  // relu2(gate) * up: {4, 9} and {1, 16}
  ASSERT_TRUE(run(ExpertDown{.gate = floats({2, 2}, {2, 3, 1, 4}),
                             .up = floats({2, 2}, {1, 1, 1, 1}),
                             .weight = picking(3, 2, 2, {0, 0, 0, 1, 1, 0}),
                             .expert_ids = ints({1, 2}, {2, 1}),
                             .weights = floats({1, 2}, {10, 1}),
                             .y = y,
                             .activation = GateActivation::relu2})
                  .ok());
  // Expert 2 swaps its columns, expert 1 does not.
  EXPECT_NEAR(values(y)[0], 10 * 9 + 1, 10 * 9.0 / 254 + 16.0 / 254);
  EXPECT_NEAR(values(y)[1], 10 * 4 + 16, 10 * 9.0 / 254 + 16.0 / 254);
}

TEST_F(ExpertDownReference, OfADenseLayerNormsWhatWasActivated) {
  const Tensor y = zeros({1, 1});
  ASSERT_TRUE(run(ExpertDown{.gate = floats({1, 2}, {3, 2}),
                             .norm = floats({2}, {1, 2}),
                             .weight = picking(1, 1, 2, {1}),
                             .y = y,
                             .activation = GateActivation::relu2,
                             .eps = 0})
                  .ok());
  const float rms = std::sqrt((81.0f + 16) / 2), expected = 2 * 4 / rms;
  EXPECT_NEAR(values(y)[0], expected, 9 / rms / 254);
}

TEST_F(ExpertDownReference, RefusesSlotsWithoutExperts) {
  EXPECT_EQ(run(ExpertDown{.gate = zeros({2, 2}), .weight = picking(1, 1, 2, {0}), .y = zeros({1, 1})}).message(),
            "expert_down: without expert_ids there is one slot");
}

}  // namespace
}  // namespace tritium
