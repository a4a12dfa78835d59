#include <gtest/gtest.h>

#include <vector>

#include "ops/all.h"

namespace tritium {
namespace {

struct Inputs {
  int32_t token;
  std::vector<int32_t> rows, ring;
  bool operator==(const Inputs&) const = default;
};

Inputs after(int32_t id, int32_t position) {
  Inputs next = {.token = 3, .rows = {position, 40}, .ring = {-7, -7, -7, -7}};
  cpu_ref::next_token({.n_slots = 4}, {{id}}, {&next.token, 1}, next.rows, next.ring);
  return next;
}

}  // namespace

TEST(NextTokenReference, TheTokenIsEvaluatedAtTheNextPositionOfItsSequence) {
  EXPECT_EQ(after(96, 0), (Inputs{.token = 96, .rows = {1, 40}, .ring = {96, -7, -7, -7}}));
}

TEST(NextTokenReference, TheRingHasTheLatestTokensByTheirPositions) {
  EXPECT_EQ(after(5, 1).ring, (std::vector<int32_t>{-7, 5, -7, -7}));
  EXPECT_EQ(after(5, 7).ring, (std::vector<int32_t>{-7, -7, -7, 5}));
}

TEST(NextTokenReference, ThatNoneWasFoundIsSaidToTheHostAlone) {
  EXPECT_EQ(after(-1, 2), (Inputs{.token = 0, .rows = {3, 40}, .ring = {-7, -7, -1, -7}}));
}

}  // namespace tritium
