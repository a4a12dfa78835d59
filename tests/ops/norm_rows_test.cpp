#include "tests/ops/composed.h"

namespace tritium {
namespace {

class NormRowsReference : public ComposedTest {};

TEST_F(NormRowsReference, GivesTheNormOfASumAndItsCodes) {
  const Tensor sum = zeros({2, 2}), y = zeros({2, 2}), q = zeros({2, 256}, DType::i8), scales = zeros({2, 1});
  ASSERT_TRUE(run(NormRows{.x = floats({2, 2}, {3, 0, 1, 1}),
                           .branch = floats({2, 2}, {0, 4, 0, 0}),
                           .norm = floats({2}, {1, 2}),
                           .sum = sum,
                           .y = y,
                           .q = q,
                           .scales = scales,
                           .eps = 0})
                  .ok());
  EXPECT_EQ(values(sum), (std::vector<float>{3, 4, 1, 1}));
  const float rms = std::sqrt(12.5f);
  const std::vector<float> expected = {3 / rms, 8 / rms, 1, 2};
  for (size_t i = 0; i < 4; ++i) EXPECT_NEAR(values(y)[i], expected[i], 1e-6);
  EXPECT_EQ(values<int8_t>(q)[0], 48);  // 127 3 / 8
  EXPECT_EQ(values<int8_t>(q)[1], 127);
  EXPECT_EQ(values<int8_t>(q)[256], 64);  // 127 / 2, rounded up
  EXPECT_NEAR(values(scales)[1], 2.0f / 127, 1e-7);
}

TEST_F(NormRowsReference, GivesWhatIsWantedAlone) {
  const Tensor x = floats({1, 2}, {3, 4}), norm = floats({2}, {1, 1}), y = zeros({1, 2});
  ASSERT_TRUE(run(NormRows{.x = x, .norm = norm, .y = y}).ok());
  EXPECT_NEAR(values(y)[0], 3 / std::sqrt(12.5f), 1e-6);
  const Tensor q = zeros({1, 256}, DType::i8), scales = zeros({1, 1});
  ASSERT_TRUE(run(NormRows{.x = x, .norm = norm, .q = q, .scales = scales}).ok());
  EXPECT_EQ(values<int8_t>(q)[1], 127);
}

TEST_F(NormRowsReference, RefusesToGiveNothing) {
  EXPECT_EQ(run(NormRows{.x = zeros({1, 2}), .norm = zeros({2})}).message(), "norm_rows: a result is needed: y, or q");
}

}  // namespace
}  // namespace tritium
