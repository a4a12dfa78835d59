#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <vector>

#include "ops/all.h"

namespace tritium {
namespace {

struct Candidates {
  std::vector<int32_t> ids;
  std::vector<float> logits;
  bool operator==(const Candidates&) const = default;
};

// Of each row.
std::vector<Candidates> candidates(uint32_t n_rows, uint32_t k, const std::vector<float>& logits) {
  std::vector<int32_t> found(2 * n_rows * k, -9);
  cpu_ref::top_candidates(
      {.n_rows = n_rows, .cols = static_cast<uint32_t>(logits.size()) / n_rows, .k = k, .n_parts = 1}, logits, found);
  std::vector<Candidates> rows;
  for (auto at = found.begin(); at != found.end(); at += 2 * k) {
    rows.push_back({.ids = {at, at + k}, .logits = {}});
    for (auto bits = at + k; bits != at + 2 * k; ++bits) rows.back().logits.push_back(std::bit_cast<float>(*bits));
  }
  return rows;
}

}  // namespace

TEST(TopCandidatesReference, AreTheLargestOfEachRowInOrder) {
  EXPECT_EQ(candidates(2, 2, {1, 3, 2, -5, -1, -3}),
            (std::vector<Candidates>{{.ids = {1, 2}, .logits = {3, 2}}, {.ids = {1, 2}, .logits = {-1, -3}}}));
}

TEST(TopCandidatesReference, OfEqualsTheLowestIndicesComeFirst) {
  EXPECT_EQ(candidates(1, 3, {7, 8, 7, 7, 8}).front().ids, (std::vector<int32_t>{1, 4, 0}));
  EXPECT_EQ(candidates(1, 2, {-0.0f, 0.0f, 0.0f}).front().ids, (std::vector<int32_t>{0, 1})) << "zeros are equal";
}

TEST(TopCandidatesReference, AllOfARowMayBeWanted) {
  EXPECT_EQ(candidates(1, 3, {1, 3, 2}).front(), (Candidates{.ids = {1, 2, 0}, .logits = {3, 2, 1}}));
}

TEST(TopCandidatesReference, AValueThatIsNotFiniteIsSaidInPlaceOfIndices) {
  for (const float bad : {NAN, INFINITY, -INFINITY})
    EXPECT_EQ(candidates(1, 2, {1, 3, bad, 2}).front(), (Candidates{.ids = {-1, -1}, .logits = {0, 0}}));
}

TEST(TopCandidates, MoreThanADeviceSortsAreRefused) {
  const auto buffer = std::make_shared<Buffer>();
  const auto op = [&](int64_t n, int64_t k) {
    return TopCandidates{.logits = {buffer, {1, n}, DType::f32}, .candidates = {buffer, {1, 2, k}, DType::i32}};
  };
  EXPECT_TRUE(op(100, 64).check().ok());
  EXPECT_FALSE(op(100, 65).check().ok());
  EXPECT_FALSE(op(10, 11).check().ok());
}

}  // namespace tritium
