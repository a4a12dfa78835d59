#include "vulkan/ops/row_windows.h"

#include <gtest/gtest.h>

namespace tritium::vulkan {
namespace {

Limits limits(int64_t range, int64_t alignment) {
  return {.storage_range = static_cast<uint64_t>(range), .storage_alignment = static_cast<uint64_t>(alignment)};
}

TEST(RowWindows, AWeightThatFitsIsOneWindow) {
  const auto windows = row_windows(100, {64, 4}, limits(6400, 256));
  ASSERT_EQ(windows.size(), 1u);
  EXPECT_EQ(windows[0].first, 0);
  EXPECT_EQ(windows[0].count, 100);
}

TEST(RowWindows, LargerOnesAreCoveredInOrderWithinTheRangeAndAlignedInEveryPlane) {
  for (int64_t rows : {2, 101, 1000, 4097, 100003})
    for (int64_t data_bytes : {16, 64, 80, 304, 4096})
      for (int64_t scale_bytes : {0, 4, 12, 64, 256})
        for (int64_t alignment : {4, 16, 64, 256}) {
          constexpr int64_t kRange = 1 << 18;
          int64_t next = 0;
          for (const RowWindow& w : row_windows(rows, {data_bytes, scale_bytes}, limits(kRange, alignment))) {
            EXPECT_EQ(w.first, next);
            EXPECT_GT(w.count, 0);
            for (int64_t row_bytes : {data_bytes, scale_bytes}) {
              EXPECT_LE(w.count * row_bytes, kRange);
              EXPECT_EQ(w.first * row_bytes % alignment, 0);
            }
            next = w.first + w.count;
          }
          EXPECT_EQ(next, rows);
        }
}

TEST(RowWindows, APlaneOfScalesAloneMayNeedWindows) {
  const auto windows = row_windows(10, {16, 64}, limits(256, 16));
  ASSERT_EQ(windows.size(), 3u);
  EXPECT_EQ(windows[2].first, 8);
  EXPECT_EQ(windows[2].count, 2);
}

TEST(RowWindows, NoWindowIsSmallerThanAnAlignedStep) {
  const auto windows = row_windows(5, {96}, limits(96, 64));  // rows begin aligned two by two
  ASSERT_EQ(windows.size(), 3u);
  EXPECT_EQ(windows[0].count, 2);
}

}  // namespace
}  // namespace tritium::vulkan
