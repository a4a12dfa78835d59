#include "tests/ops/composed.h"

namespace tritium {
namespace {

class MergeOutputReference : public ComposedTest {};

TEST_F(MergeOutputReference, MultipliesWhatWasMerged) {
  const Tensor y = zeros({1, 2});
  // Two heads of one value: 6 / 2 and (1 + 7) / (1 + 3).
  ASSERT_TRUE(run(MergeOutput{.parts = floats({2, 2, 3}, {6, 0, 2, 0, 0, 0, 1, 4, 1, 7, 4, 3}),
                              .weight = picking(1, 2, 2, {1, 0}, 2),
                              .y = y})
                  .ok());
  EXPECT_NEAR(values(y)[0], 2 * 2, 2 * 3.0 / 254);
  EXPECT_NEAR(values(y)[1], 2 * 3, 2 * 3.0 / 254);
}

TEST_F(MergeOutputReference, NormsAllHeadsTogether) {
  const Tensor y = zeros({1, 1});
  ASSERT_TRUE(run(MergeOutput{.parts = floats({2, 1, 3}, {3, 0, 1, 4, 0, 1}),
                              .norm = floats({2}, {1, 10}),
                              .weight = picking(1, 1, 2, {1}),
                              .y = y,
                              .eps = 0})
                  .ok());
  EXPECT_NEAR(values(y)[0], 40 / std::sqrt(12.5), 0.2);
}

TEST_F(MergeOutputReference, RefusesAWeightOfOtherColumns) {
  EXPECT_EQ(run(MergeOutput{.parts = zeros({2, 1, 3}), .weight = picking(1, 1, 3, {1}), .y = zeros({1, 1})}).message(),
            "merge_output: the weight must have a column for each merged value");
}

}  // namespace
}  // namespace tritium
