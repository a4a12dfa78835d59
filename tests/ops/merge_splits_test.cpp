#include "ops/merge_splits.h"

#include "tests/ops/composed.h"

namespace tritium {
namespace {

class MergeSplitsReference : public ComposedTest {
 protected:
  std::vector<float> merged(int64_t splits, const std::vector<float>& parts) {
    const Tensor y = zeros({1, 1, 1});
    EXPECT_TRUE(run(MergeSplits{.parts = floats({1, splits, 3}, parts), .y = y}).ok());
    return values(y);
  }
};

TEST_F(MergeSplitsReference, DividesTheSumOfValuesByTheSumOfExponentials) {
  EXPECT_EQ(merged(1, {6, 0, 2}), (std::vector<float>{3}));
  EXPECT_EQ(merged(2, {6, 5, 2, 9, 5, 3}), (std::vector<float>{3}));
}

TEST_F(MergeSplitsReference, BringsSplitsToOneLargestScore) {
  const float less = std::exp(-2.0f);
  EXPECT_NEAR(merged(2, {4, 1, 1, 8, 3, 2})[0], (4 * less + 8) / (less + 2), 1e-6);
  EXPECT_EQ(merged(2, {4, -100, 1, 8, 100, 2}), (std::vector<float>{4}));
}

TEST_F(MergeSplitsReference, ASplitWithoutKeysCountsForNothing) {
  EXPECT_EQ(merged(3, {0, 0, 0, 6, -50, 2, 0, 0, 0}), (std::vector<float>{3}));
}

TEST_F(MergeSplitsReference, ANanIsNotLost) { EXPECT_TRUE(std::isnan(merged(2, {1, 1, 1, NAN, NAN, NAN})[0])); }

}  // namespace
}  // namespace tritium
