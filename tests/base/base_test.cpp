// Sizes, statuses, random numbers.
#include <gtest/gtest.h>

#include <limits>
#include <memory>

#include "base/checked_math.h"
#include "base/counter_rng.h"
#include "base/format_text.h"

namespace tritium {
namespace {

TEST(CheckedMath, SaysWhenASumOrProductDoesNotFit) {
  constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();
  EXPECT_EQ(checked_add(kMax - 1, 1), kMax);
  EXPECT_EQ(checked_add(kMax, 1), std::nullopt);
  EXPECT_EQ(checked_mul(uint64_t{1} << 32, (uint64_t{1} << 32) - 1), kMax - ((uint64_t{1} << 32) - 1));
  EXPECT_EQ(checked_mul(uint64_t{1} << 32, uint64_t{1} << 32), std::nullopt);
}

TEST(CheckedMath, SaturatedIsTheLargestNumberWhereTheResultDoesNotFit) {
  constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();
  EXPECT_EQ(saturated_add(kMax - 1, 1), kMax);
  EXPECT_EQ(saturated_add(kMax, 2), kMax);
  EXPECT_EQ(saturated_mul(3, 4), 12u);
  EXPECT_EQ(saturated_mul(uint64_t{1} << 32, uint64_t{1} << 33), kMax);
}

TEST(CheckedMath, RoundsUpToMultiples) {
  EXPECT_EQ(round_up(0, 256), 0);
  EXPECT_EQ(round_up(1, 256), 256);
  EXPECT_EQ(round_up(256, 256), 256);
  EXPECT_EQ(ceil_div(257, 256), 2);
}

TEST(Status, WithinPutsThePlaceInFront) {
  const Status status = error(StatusCode::corrupt_file, "offset ", 7).within("blk.0").within("model.gguf");
  EXPECT_EQ(status.message(), "model.gguf: blk.0: offset 7");
  EXPECT_EQ(status.code(), StatusCode::corrupt_file);
  EXPECT_TRUE(Status().within("model.gguf").ok());
}

TEST(Result, MovesItsValueOut) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(3);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(*std::move(result).value(), 3);
}

TEST(CounterRng, IsAPureFunctionOfSeedAndCounter) {
  static_assert(random_bits(1, 2) == random_bits(1, 2));
  EXPECT_NE(random_bits(1, 2), random_bits(1, 3));
  EXPECT_NE(random_bits(1, 2), random_bits(2, 2));
}

TEST(CounterRng, UnitIsUniformAndNormalHasItsMoments) {
  constexpr int kDraws = 100000;
  double unit = 0, mean = 0, square = 0;
  for (uint64_t i = 0; i < kDraws; ++i) {
    const double u = random_unit(5, i), z = random_normal(6, i);
    ASSERT_GE(u, 0.0);
    ASSERT_LT(u, 1.0);
    unit += u / kDraws;
    mean += z / kDraws;
    square += z * z / kDraws;
  }
  // Five standard errors of each mean.
  EXPECT_NEAR(unit, 0.5, 5 * 0.289 / std::sqrt(kDraws));
  EXPECT_NEAR(mean, 0.0, 5 / std::sqrt(kDraws));
  EXPECT_NEAR(square, 1.0, 5 * 1.414 / std::sqrt(kDraws));
}

}  // namespace
}  // namespace tritium
