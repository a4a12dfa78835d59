#include "tests/ops/composed.h"

namespace tritium {
namespace {

class NormQkvReference : public ComposedTest {};

// Half a code of 127 of the largest value.
constexpr float kHalfCode = 0.5f / 127;

TEST_F(NormQkvReference, MultipliesTheNormOfASum) {
  const Tensor x = floats({1, 3}, {1, 2, -4}), branch = floats({1, 3}, {2, -2, 0});
  const Tensor sum = zeros({1, 3}), y_0 = zeros({1, 2}), y_1 = zeros({1, 1});
  ASSERT_TRUE(run(NormQkv{.x = x,
                          .branch = branch,
                          .norm = floats({3}, {1, 1, 10}),
                          .weight_0 = picking(1, 2, 3, {0, 2}),
                          .weight_1 = picking(1, 1, 3, {0}, 3),
                          .sum = sum,
                          .y_0 = y_0,
                          .y_1 = y_1,
                          .eps = 0})
                  .ok());
  EXPECT_EQ(values(sum), (std::vector<float>{3, 0, -4}));
  const float rms = std::sqrt(25.0f / 3), largest = 40 / rms;
  EXPECT_NEAR(values(y_0)[0], 3 / rms, kHalfCode * largest);
  EXPECT_NEAR(values(y_0)[1], -40 / rms, kHalfCode * largest);
  EXPECT_FLOAT_EQ(values(y_1)[0], 3 * values(y_0)[0]);
}

TEST_F(NormQkvReference, WithoutNormAndBranchMultipliesItsInput) {
  const Tensor y = zeros({2, 1});
  ASSERT_TRUE(run(NormQkv{.x = floats({2, 2}, {127, 5, 1, -127}), .weight_0 = picking(1, 1, 2, {1}), .y_0 = y}).ok());
  EXPECT_NEAR(values(y)[0], 5, 1e-5);
  EXPECT_NEAR(values(y)[1], -127, 1e-4);
}

TEST_F(NormQkvReference, RefusesASumWithoutRoomAndWeightsOfOtherColumns) {
  const Tensor x = zeros({1, 3}), y = zeros({1, 1});
  const Weight fits = picking(1, 1, 3, {0});
  EXPECT_EQ(run(NormQkv{.x = x, .branch = x, .weight_0 = fits, .y_0 = y}).message(), "norm_qkv: sum is missing");
  EXPECT_EQ(run(NormQkv{.x = x, .weight_0 = picking(1, 1, 4, {0}), .y_0 = y}).message(),
            "norm_qkv: a weight must have dim columns");
  EXPECT_EQ(run(NormQkv{.x = x, .weight_0 = fits, .weight_2 = fits, .y_0 = y, .y_2 = y}).message(),
            "norm_qkv: the second weight is missing");
}

}  // namespace
}  // namespace tritium
