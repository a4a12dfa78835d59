#include "vulkan/ops/row_windows.h"

#include <gtest/gtest.h>

namespace tritium::vulkan {
namespace {

Limits limits(uint64_t range, uint64_t alignment) { return {.storage_range = range, .storage_alignment = alignment}; }

TEST(RowWindows, AWeightThatFitsIsOneWindow) {
  const auto windows = row_windows(100, 64, 1000, limits(6400, 256));
  ASSERT_EQ(windows.size(), 1u);
  EXPECT_EQ(windows[0].first, 0);
  EXPECT_EQ(windows[0].count, 100);
}

TEST(RowWindows, LargerOnesAreCoveredInOrderWithinTheRangeAndAligned) {
  for (int64_t rows : {2, 101, 1000, 4097})
    for (int64_t row_bytes : {16, 64, 80, 304, 4096})
      for (uint64_t alignment : {4, 16, 64, 256}) {
        constexpr uint64_t kRange = 1 << 16;
        int64_t next = 0;
        for (const RowWindow& w : row_windows(rows, row_bytes, rows, limits(kRange, alignment))) {
          EXPECT_EQ(w.first, next);
          EXPECT_GT(w.count, 0);
          EXPECT_LE(static_cast<uint64_t>(w.count * row_bytes), kRange);
          EXPECT_EQ(static_cast<uint64_t>(w.first * row_bytes) % alignment, 0u);
          next = w.first + w.count;
        }
        EXPECT_EQ(next, rows);
      }
}

TEST(RowWindows, TheMostRowsAreRespected) {
  const auto windows = row_windows(10, 16, 4, limits(1 << 20, 16));
  ASSERT_EQ(windows.size(), 3u);
  EXPECT_EQ(windows[2].first, 8);
  EXPECT_EQ(windows[2].count, 2);
}

}  // namespace
}  // namespace tritium::vulkan
