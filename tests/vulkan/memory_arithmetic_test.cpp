#include <gtest/gtest.h>

#include <map>
#include <random>

#include "vulkan/memory/free_list.h"
#include "vulkan/memory/staging_ring.h"

namespace tritium::vulkan {
namespace {

TEST(FreeList, SplitsAlignsAndMerges) {
  FreeList list(1000);
  EXPECT_EQ(list.take(100, 1), 0u);
  EXPECT_EQ(list.take(100, 64), 128u);  // leaves a hole at 100
  EXPECT_EQ(list.holes(), 2u);
  EXPECT_EQ(list.take(28, 4), 100u);  // the smallest hole that fits
  EXPECT_EQ(list.free_bytes(), 1000u - 228u);
  list.give_back(0, 100);
  list.give_back(128, 100);
  EXPECT_EQ(list.holes(), 2u);
  list.give_back(100, 28);
  EXPECT_TRUE(list.empty());
  EXPECT_EQ(list.holes(), 1u);
}

TEST(FreeList, RefusesWhatDoesNotFit) {
  FreeList list(100);
  EXPECT_EQ(list.take(101, 1), std::nullopt);
  EXPECT_EQ(list.take(60, 1), 0u);
  EXPECT_EQ(list.take(30, 64), 64u);
  EXPECT_EQ(list.take(7, 64), std::nullopt);  // 6 bytes at 94, 4 at 60
  EXPECT_EQ(list.take(4, 4), 60u);
}

TEST(FreeList, RandomUseNeverOverlapsAndEndsWhole) {
  constexpr unsigned kSeed = 5;
  SCOPED_TRACE(kSeed);
  std::mt19937 random(kSeed);
  FreeList list(1 << 16);
  std::map<uint64_t, uint64_t> taken;
  for (int step = 0; step < 5000; ++step) {
    if (random() % 5 < 3) {
      const uint64_t bytes = 1 + random() % 2000;
      const uint64_t alignment = uint64_t{1} << random() % 9;
      const auto begin = list.take(bytes, alignment);
      if (!begin) continue;
      ASSERT_EQ(*begin % alignment, 0u);
      ASSERT_LE(*begin + bytes, list.size());
      const auto next = taken.lower_bound(*begin);
      if (next != taken.end()) {
        ASSERT_LE(*begin + bytes, next->first);
      }
      if (next != taken.begin()) {
        ASSERT_LE(std::prev(next)->first + std::prev(next)->second, *begin);
      }
      taken[*begin] = bytes;
    } else if (!taken.empty()) {
      const auto victim = std::next(taken.begin(), static_cast<long>(random() % taken.size()));
      list.give_back(victim->first, victim->second);
      taken.erase(victim);
    }
  }
  for (const auto& [begin, bytes] : taken) list.give_back(begin, bytes);
  EXPECT_TRUE(list.empty());
}

TEST(StagingRing, RangesAreFreeAgainWhenTheirSubmissionIsDone) {
  StagingRing ring(64);
  EXPECT_EQ(ring.take(32, 1), 0u);
  EXPECT_EQ(ring.take(20, 2), 32u);  // padded to 32
  EXPECT_EQ(ring.take(1, 2), std::nullopt);
  ring.complete(1);
  EXPECT_EQ(ring.take(16, 3), 0u);
  EXPECT_EQ(ring.take(32, 3), std::nullopt);
  EXPECT_EQ(ring.take(16, 3), 16u);
  EXPECT_EQ(ring.take(1, 3), std::nullopt);
  ring.complete(3);
  EXPECT_EQ(ring.take(64, 4), 0u);
}

TEST(StagingRing, WrapsOnlyIntoContiguousSpace) {
  StagingRing ring(64);
  EXPECT_EQ(ring.take(16, 1), 0u);
  EXPECT_EQ(ring.take(32, 2), 16u);
  EXPECT_EQ(ring.take(32, 3), std::nullopt);  // 16 at the end and nothing at the start
  ring.complete(1);
  EXPECT_EQ(ring.take(32, 3), std::nullopt);  // 16 at each end
  ring.complete(2);
  EXPECT_EQ(ring.take(32, 3), 0u);
}

}  // namespace
}  // namespace tritium::vulkan
