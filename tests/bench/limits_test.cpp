// What this machine can do, and which of it counts.
#include <gtest/gtest.h>

#include <atomic>

#include "bench/limits.h"
#include "bench/median.h"
#include "bench/peaks.h"
#include "bench/read_loops.h"
#include "bench/team.h"

namespace tritium::bench {
namespace {

TEST(Median, OfOddAndEvenNumbers) {
  EXPECT_EQ(median({}), 0);
  EXPECT_EQ(median({3, 1, 2}), 2);
  EXPECT_EQ(median({4, 1, 3, 2}), 2.5);
}

TEST(Team, EveryThreadTakesPart) {
  std::vector<std::atomic<int>> steps(3);
  const double rate = team_rate(3, 4, 0.002, [&](int thread) {
    ++steps[static_cast<size_t>(thread)];
    return 1.0;
  });
  EXPECT_GT(rate, 0);
  for (const auto& n : steps) EXPECT_GT(n, 0);
}

TEST(ReadLoops, AddUpEverything) {
  alignas(64) int64_t values[256];
  int64_t sum = 0;
  for (int64_t i = 0; i < 256; ++i) sum += values[i] = i * i - 77;
  for (const bool from_memory : {false, true}) EXPECT_EQ(read_all(values, 256, from_memory), sum);
}

TEST(Limits, EveryRungHasPeaks) {
  for (const char* rung : {"portable", "what will be", "neon", "avx2"}) {
    EXPECT_GT(dot_peak_of(rung)(), 0) << rung;
    EXPECT_GT(fma_peak_of(rung)(), 0) << rung;
  }
}

#if defined(__x86_64__)
TEST(Limits, ThePeakOfARungIsThatOfItsOwnInstructions) {
  EXPECT_NE(dot_peak_of("avx2"), dot_peak_of("avx-vnni"));
  EXPECT_NE(dot_peak_of("avx2"), dot_peak_of("portable"));
  EXPECT_EQ(fma_peak_of("avx2"), fma_peak_of("avx-vnni"));
}
#endif

TEST(Limits, CachesAreSmallerThanTheNextOnes) {
  const CacheSizes sizes = cache_sizes();
  EXPECT_GE(sizes.l1, 4u << 10);
  EXPECT_GT(sizes.l2, sizes.l1);
}

TEST(Limits, AreRememberedUnderTheirNames) {
  Limits limits("portable", 2, uint64_t{8} << 20);
  EXPECT_GT(limits.read(1, 4096), 0);
  EXPECT_TRUE(limits.found().empty());  // a size of somebody's own
  EXPECT_GT(limits.read(1, uint64_t{1} << 40), 0);
  EXPECT_GT(limits.dot(2), 0);
  EXPECT_GT(limits.dot(2), 0);
  const std::vector<MachineLimit> found = limits.found();
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].name, "read memory");
  EXPECT_GT(found[0].gb_s, 0);
  EXPECT_EQ(found[1].name, "int8 dot");
  EXPECT_EQ(found[1].threads, 2);
  EXPECT_GT(found[1].gop_s, 0);
}

TEST(Limits, QuickOnes) {
  const Result<std::vector<MachineLimit>> limits = machine_limits(1);
  ASSERT_TRUE(limits.ok()) << limits.message();
  EXPECT_GT(peak_limit(*limits, "int8 dot"), 0);
  EXPECT_GT(peak_limit(*limits, "float fma"), 0);
  EXPECT_EQ(peak_limit(*limits, "int16"), 0);
  EXPECT_GT(read_limit(*limits, 1 << 10), 0);
  EXPECT_EQ(machine_limits(1, [] { return false; }).code(), StatusCode::cancelled);
}

TEST(Limits, ReadingIsThatOfTheSmallestThatHoldsIt) {
  const std::vector<MachineLimit> limits = {
      {"read memory", 1, 1000, 5, 0}, {"read L1", 1, 10, 50, 0}, {"int8 dot", 1, 0, 0, 7}, {"read L2", 1, 100, 20, 0}};
  EXPECT_EQ(read_limit(limits, 10), 50);
  EXPECT_EQ(read_limit(limits, 11), 20);
  EXPECT_EQ(read_limit(limits, 999), 5);
  EXPECT_EQ(read_limit(limits, 1001), 5);
  EXPECT_EQ(read_limit({}, 1), 0);
}

}  // namespace
}  // namespace tritium::bench
