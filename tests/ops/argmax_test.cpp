#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "ops/all.h"

namespace tritium {
namespace {

std::vector<int32_t> argmax(uint32_t n_rows, const std::vector<float>& logits) {
  std::vector<int32_t> ids(n_rows, -1);
  cpu_ref::argmax({.n_rows = n_rows, .cols = static_cast<uint32_t>(logits.size()) / n_rows, .n_parts = 1}, logits, ids);
  return ids;
}

using Ids = std::vector<int32_t>;

}  // namespace

TEST(ArgmaxReference, FindsTheLargestOfEachRow) {
  EXPECT_EQ(argmax(3, {1, 3, 2, -1, -3, -2, 0, 0, 5}), (Ids{1, 0, 2}));
}

TEST(ArgmaxReference, OneColumnIsTheLargest) { EXPECT_EQ(argmax(3, {-1, 0, 7}), (Ids{0, 0, 0})); }

TEST(ArgmaxReference, TiesGoToTheLowestIndex) {
  EXPECT_EQ(argmax(2, {0, 7, 7, 7, 7, 7, 0, 7}), (Ids{1, 0}));
  EXPECT_EQ(argmax(2, {-0.0f, 0.0f, 0.0f, -0.0f}), (Ids{0, 0})) << "both zeros are one value";
}

TEST(ArgmaxReference, ANanAnywhereIsSaidInsteadOfAnIndex) {
  EXPECT_EQ(argmax(4, {NAN, 1, 2, 1, NAN, 2, 1, 2, -NAN, 3, 1, 0}), (Ids{-1, -1, -1, 0}));
  EXPECT_EQ(argmax(2, {NAN, NAN, -NAN, NAN}), (Ids{-1, -1})) << "a row of NaNs";
  EXPECT_EQ(argmax(1, {NAN}), (Ids{-1}));
}

TEST(ArgmaxReference, SoAreInfinitiesAndTheLargestFiniteNumbersAreNumbers) {
  EXPECT_EQ(argmax(3, {-INFINITY, -3e38f, INFINITY, 3e38f, 1, 2}), (Ids{-1, -1, 1}));
  EXPECT_EQ(argmax(2, {-INFINITY, -INFINITY, -3.4028235e38f, 3.4028235e38f}), (Ids{-1, 1}));
}

TEST(ArgmaxReference, SmallDifferencesCount) { EXPECT_EQ(argmax(1, {0.0f, 1e-45f, -1e-45f}), (Ids{1})); }

}  // namespace tritium
