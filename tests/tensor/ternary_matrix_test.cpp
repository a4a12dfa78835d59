#include "tensor/ternary_matrix.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/counter_rng.h"

namespace tritium {
namespace {

constexpr ScaleGranularity kAll[] = {ScaleGranularity::tensor, ScaleGranularity::row, ScaleGranularity::group};

TernaryMatrix random_matrix(int64_t n, int64_t rows, int64_t cols, ScaleGranularity granularity, int64_t group,
                            uint64_t seed) {
  TernaryMatrix matrix(n, rows, cols, granularity, group);
  uint64_t counter = 0;
  for (int64_t m = 0; m < n; ++m)
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t c = 0; c < cols; ++c)
        matrix.set_trit(m, r, c, static_cast<int>(random_bits(seed, counter++) % 3) - 1);
  for (float& s : matrix.scales()) s = static_cast<float>(random_normal(seed, counter++));
  return matrix;
}

std::vector<float> random_weights(size_t n, uint64_t seed) {
  std::vector<float> weights(n);
  for (size_t i = 0; i < n; ++i) weights[i] = static_cast<float>(random_normal(seed, i));
  return weights;
}

TEST(TernaryMatrix, RowsArePaddedToWholeCacheLinesOfZeroTrits) {
  for (int64_t cols : {1, 15, 16, 17, 255, 256, 257}) {
    const TernaryMatrix matrix = random_matrix(2, 3, cols, ScaleGranularity::row, 0, 7);
    ASSERT_EQ(matrix.padded_cols() % TernaryMatrix::kRowAlign, 0);
    ASSERT_GE(matrix.padded_cols(), cols);
    ASSERT_LT(matrix.padded_cols() - cols, TernaryMatrix::kRowAlign);
    for (int64_t c = cols; c < matrix.padded_cols(); ++c) ASSERT_EQ(matrix.trit(1, 2, c), 0) << cols;
  }
  EXPECT_EQ(TernaryMatrix(1, 1, 1, ScaleGranularity::tensor).words()[15], 0x55555555u);
}

TEST(TernaryMatrix, CodeJOfARowIsTwoBitsOfWordJOver16) {
  TernaryMatrix matrix(1, 2, 40, ScaleGranularity::tensor);
  matrix.set_trit(0, 1, 17, +1);
  matrix.set_trit(0, 1, 18, -1);
  const uint32_t word = matrix.row_words(0, 1)[1];
  EXPECT_EQ((word >> 2) & 3u, 2u);
  EXPECT_EQ((word >> 4) & 3u, 0u);
  EXPECT_EQ(word | 0x3Cu, 0x55555555u | 0x3Cu);  // the others are untouched
}

TEST(TernaryMatrix, HoldsEveryTritWrittenToIt) {
  TernaryMatrix matrix(3, 5, 77, ScaleGranularity::tensor);
  const auto trit_at = [](int64_t i) { return static_cast<int>(random_bits(3, static_cast<uint64_t>(i)) % 3) - 1; };
  for (int64_t i = 0; i < 3 * 5 * 77; ++i) matrix.set_trit(i / 385, i / 77 % 5, i % 77, trit_at(i));
  for (int64_t i = 0; i < 3 * 5 * 77; ++i) ASSERT_EQ(matrix.trit(i / 385, i / 77 % 5, i % 77), trit_at(i)) << i;
}

TEST(TernaryMatrix, HasOneScaleForWhatItsGranularityCovers) {
  EXPECT_EQ(TernaryMatrix(2, 3, 100, ScaleGranularity::tensor).scales().size(), 1u);
  EXPECT_EQ(TernaryMatrix(2, 3, 100, ScaleGranularity::row).scales().size(), 6u);
  EXPECT_EQ(TernaryMatrix(2, 3, 100, ScaleGranularity::group, 64).scales().size(), 12u);
}

// The definition, written out: alpha = mean |w|, trit = clip(round_half_even(w / alpha), -1, 1).
TEST(TernaryMatrix, FromWeightsFollowsTheDefinition) {
  const int64_t n = 2, rows = 3, cols = 100, group = 32;
  const std::vector<float> weights = random_weights(static_cast<size_t>(n * rows * cols), 11);
  for (ScaleGranularity granularity : kAll) {
    const auto matrix = TernaryMatrix::from_weights(weights, n, rows, cols, granularity, group);
    ASSERT_TRUE(matrix.ok()) << matrix.message();
    for (int64_t i = 0; i < n * rows * cols; ++i) {
      int64_t first = 0, last = n * rows * cols;
      if (granularity != ScaleGranularity::tensor) first = i / cols * cols, last = first + cols;
      if (granularity == ScaleGranularity::group)
        first += i % cols / group * group, last = std::min(last, first + group);
      double sum = 0;
      for (int64_t k = first; k < last; ++k) sum += std::abs(double{weights[static_cast<size_t>(k)]});
      const auto alpha = static_cast<float>(sum / static_cast<double>(last - first));
      const double exact = std::nearbyint(double{weights[static_cast<size_t>(i)]} / double{alpha});
      const int64_t m = i / (rows * cols), r = i / cols % rows, c = i % cols;
      ASSERT_EQ(matrix->scale(m, r, c), alpha) << i;
      ASSERT_EQ(matrix->trit(m, r, c), static_cast<int>(std::clamp(exact, -1.0, 1.0))) << i;
    }
  }
}

TEST(TernaryMatrix, AWeightOfHalfAlphaBecomesZeroAndTheNextFloatDoesNot) {
  const float above = std::nextafter(0.5f, 1.0f), below = std::nextafter(1.5f, 1.0f);
  const auto matrix = TernaryMatrix::from_weights(std::vector{0.5f, -0.5f, 1.5f, -1.5f, above, below}, 1, 1, 6,
                                                  ScaleGranularity::tensor);
  ASSERT_TRUE(matrix.ok());
  ASSERT_EQ(matrix->scales()[0], 1.0f);
  EXPECT_EQ(matrix->trit(0, 0, 0), 0);
  EXPECT_EQ(matrix->trit(0, 0, 1), 0);
  EXPECT_EQ(matrix->trit(0, 0, 4), 1);
}

TEST(TernaryMatrix, TheThresholdIsExactForSubnormalWeights) {
  const float least = std::numeric_limits<float>::denorm_min();  // half of an alpha of 3 units is no float
  const auto matrix = TernaryMatrix::from_weights(std::vector{5 * least, 1 * least}, 1, 1, 2, ScaleGranularity::tensor);
  EXPECT_EQ(matrix->scales()[0], 3 * least);
  EXPECT_EQ(matrix->trit(0, 0, 0), 1);
  EXPECT_EQ(matrix->trit(0, 0, 1), 0);
}

TEST(TernaryMatrix, ZeroWeightsGiveZeroTritsAndScales) {
  const auto matrix = TernaryMatrix::from_weights(std::vector<float>(64, 0.0f), 1, 2, 32, ScaleGranularity::row);
  ASSERT_TRUE(matrix.ok());
  EXPECT_EQ(matrix->zero_fraction(), 1.0);
  EXPECT_TRUE(std::ranges::all_of(matrix->scales(), [](float s) { return s == 0.0f; }));
}

TEST(TernaryMatrix, FromWeightsRefusesWhatIsNotFiniteAndNamesIt) {
  std::vector<float> weights(8, 1.0f);
  weights[5] = std::numeric_limits<float>::infinity();
  const auto matrix = TernaryMatrix::from_weights(weights, 1, 1, 8, ScaleGranularity::tensor);
  EXPECT_EQ(matrix.code(), StatusCode::invalid_argument);
  EXPECT_EQ(matrix.message(), "weight 5 is inf, must be finite");
}

TEST(TernaryMatrix, FromWeightsRefusesACountThatDoesNotFillTheShape) {
  const auto matrix = TernaryMatrix::from_weights(std::vector<float>(7), 1, 2, 4, ScaleGranularity::tensor);
  EXPECT_EQ(matrix.message(), "7 weights do not fill [1,2,4]");
}

TEST(TernaryMatrix, FromWeightsRefusesOddGroups) {
  const auto matrix = TernaryMatrix::from_weights(std::vector<float>(48), 1, 1, 48, ScaleGranularity::group, 48);
  EXPECT_EQ(matrix.message(), "scale group 48: must be 16, 32, 64, 128 or 256");
}

TEST(TernaryMatrix, MergingAndRepeatingScalesKeepsEveryValue) {
  for (ScaleGranularity granularity : kAll)
    for (int64_t cols : {64, 200, 256}) {
      const TernaryMatrix matrix = random_matrix(2, 3, cols, granularity, 64, 5);
      const Result<TernaryMatrix> fine = matrix.with_group_scales(32);
      ASSERT_TRUE(fine.ok()) << fine.message();
      EXPECT_EQ(fine->dequantize(), matrix.dequantize());
      const TernaryMatrix coarse = fine->with_coarsest_scales();
      EXPECT_EQ(coarse.dequantize(), matrix.dequantize());
      // 64 columns are one group: a row scale holds it.
      if (granularity != ScaleGranularity::group) {
        EXPECT_EQ(coarse.granularity(), granularity);
      }
    }
}

TEST(TernaryMatrix, ScalesThatDifferAreNotMerged) {
  TernaryMatrix matrix(1, 2, 256, ScaleGranularity::group, 128);
  std::ranges::copy(std::vector{1.0f, 1.0f, 1.0f, 2.0f}, matrix.scales().begin());
  EXPECT_EQ(matrix.with_coarsest_scales().granularity(), ScaleGranularity::group);
  std::ranges::copy(std::vector{1.0f, 1.0f, 2.0f, 2.0f}, matrix.scales().begin());
  EXPECT_EQ(matrix.with_coarsest_scales().granularity(), ScaleGranularity::row);
  std::ranges::copy(std::vector{2.0f, 2.0f, 2.0f, 2.0f}, matrix.scales().begin());
  EXPECT_EQ(matrix.with_coarsest_scales().granularity(), ScaleGranularity::tensor);
}

TEST(TernaryMatrix, ScalesAreOnlyRepeatedForGroupsThatDivideTheirOwn) {
  const TernaryMatrix matrix = random_matrix(1, 1, 256, ScaleGranularity::group, 64, 9);
  EXPECT_TRUE(matrix.with_group_scales(16).ok());
  for (int64_t group : {-64, 0, 8, 48, 128, 512}) {
    const Result<TernaryMatrix> grouped = matrix.with_group_scales(group);
    EXPECT_EQ(grouped.code(), StatusCode::invalid_argument) << group;
    EXPECT_EQ(grouped.message(), "scales for every 64 columns cannot be repeated for every " + std::to_string(group));
  }
}

TEST(TernaryMatrix, MultipliedScalesMultiplyEveryValue) {
  TernaryMatrix matrix = random_matrix(1, 3, 40, ScaleGranularity::row, 0, 13);
  const std::vector<float> before = matrix.dequantize();
  matrix.multiply_scales(4.0f);
  const std::vector<float> after = matrix.dequantize();
  for (size_t i = 0; i < before.size(); ++i) ASSERT_EQ(after[i], 4.0f * before[i]);
}

}  // namespace
}  // namespace tritium
