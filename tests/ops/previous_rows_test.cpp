#include <gtest/gtest.h>

#include <vector>

#include "ops/all.h"

namespace tritium {

TEST(PreviousRowsReference, IsTheRowBeforeWithinASequenceAndZerosAtItsBeginning) {
  const std::vector<float> x = {1, 2, 3, 4};
  const std::vector<int32_t> rows = {0, 0, 1, 0, 0, 2, 1, 2};  // two sequences of two tokens
  std::vector<float> y(4);
  cpu_ref::previous_rows({.n_tokens = 4, .dim = 1, .cached = 0}, x, rows, {}, y);
  EXPECT_EQ(y, std::vector<float>({0, 1, 0, 3}));
}

TEST(PreviousRowsReference, TokensOneByOneSeeWhatAWholeBatchSees) {
  constexpr uint32_t kTokens = 5, kDim = 2;
  const std::vector<float> x = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  std::vector<int32_t> rows;
  for (int32_t t = 0; t < 5; ++t) rows.insert(rows.end(), {t, 3});
  std::vector<float> whole(x.size()), cache(8 * kDim), one_cache(8 * kDim), one(kDim);
  cpu_ref::previous_rows({.n_tokens = kTokens, .dim = kDim, .cached = 1}, x, rows, cache, whole);
  for (size_t t = 0; t < kTokens; ++t) {
    const auto all = std::span(x);
    cpu_ref::previous_rows({.n_tokens = 1, .dim = kDim, .cached = 1}, all.subspan(t * kDim, kDim),
                           std::span(rows).subspan(2 * t, 2), one_cache, one);
    EXPECT_EQ(one,
              std::vector<float>(whole.begin() + 2 * static_cast<int>(t), whole.begin() + 2 * static_cast<int>(t) + 2));
  }
  EXPECT_EQ(cache, one_cache);
}

}  // namespace tritium
