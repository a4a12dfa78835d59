#include <gtest/gtest.h>

#include <vector>

#include "ops/all.h"
#include "tensor/half.h"

namespace tritium {

TEST(AbsmeanReference, IsTheMeanOfWhatWasSummed) {
  std::vector<float> alpha = {9, 9, 9};
  cpu_ref::absmean({.n_sums = 4, .n_groups = 2, .first = 1, .factor = 0.5f, .momentum = 0, .round_to_f16 = 0},
                   std::vector<float>{1, 2, 3, 4}, alpha);
  EXPECT_EQ(alpha, (std::vector<float>{9, 1.5f, 3.5f}));
}

TEST(AbsmeanReference, TheRunningAverageStartsFromTheFirstMean) {
  std::vector<float> alpha = {0};
  const AbsmeanParams p = {.n_sums = 1, .n_groups = 1, .first = 0, .factor = 1, .momentum = 0.75f, .round_to_f16 = 0};
  cpu_ref::absmean(p, std::vector<float>{2}, alpha);
  EXPECT_EQ(alpha[0], 2.0f);
  cpu_ref::absmean(p, std::vector<float>{4}, alpha);
  EXPECT_EQ(alpha[0], 2.5f);
}

TEST(AbsmeanReference, CanRoundToWhatFilesStore) {
  std::vector<float> alpha = {0};
  cpu_ref::absmean({.n_sums = 1, .n_groups = 1, .first = 0, .factor = 1, .momentum = 0, .round_to_f16 = 1},
                   std::vector<float>{0.1f}, alpha);
  EXPECT_EQ(alpha[0], f16_to_f32(f32_to_f16(0.1f)));
  EXPECT_NE(alpha[0], 0.1f);
}

}  // namespace tritium
