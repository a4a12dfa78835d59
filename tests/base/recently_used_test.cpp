#include "base/recently_used.h"

#include <gtest/gtest.h>

#include <string>

namespace tritium {
namespace {

TEST(RecentlyUsed, TheOneThatWasUsedLongestAgoMakesRoom) {
  RecentlyUsed<std::string, int> kept(2, 100);
  kept.add("a", 1, 1);
  kept.add("b", 2, 1);
  EXPECT_EQ(kept.find("a"), 1);
  kept.add("c", 3, 1);
  EXPECT_EQ(kept.find("a"), 1);
  EXPECT_EQ(kept.find("b"), std::nullopt);
  EXPECT_EQ(kept.find("c"), 3);
}

TEST(RecentlyUsed, BytesOfAllTogetherStayWithinTheLimit) {
  RecentlyUsed<std::string, int> kept(10, 100);
  kept.add("a", 1, 40);
  kept.add("b", 2, 40);
  kept.add("c", 3, 60);
  EXPECT_EQ(kept.find("a"), std::nullopt);
  EXPECT_EQ(kept.find("b"), 2);
  EXPECT_EQ(kept.find("c"), 3);
}

TEST(RecentlyUsed, WhatIsLargerThanTheLimitIsNotKeptAndDropsNothing) {
  RecentlyUsed<std::string, int> kept(10, 100);
  kept.add("a", 1, 40);
  kept.add("b", 2, 101);
  EXPECT_EQ(kept.find("a"), 1);
  EXPECT_EQ(kept.find("b"), std::nullopt);
}

TEST(RecentlyUsed, AKeyHasOneValue) {
  RecentlyUsed<std::string, int> kept(10, 100);
  kept.add("a", 1, 60);
  kept.add("a", 2, 60);
  EXPECT_EQ(kept.find("a"), 2);
}

}  // namespace
}  // namespace tritium
