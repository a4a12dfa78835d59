#include "train/data/blocks.h"

#include <gtest/gtest.h>

#include <numeric>

namespace tritium {
namespace {

std::vector<int> range(int first, int end) {
  std::vector<int> values(static_cast<size_t>(end - first));
  std::iota(values.begin(), values.end(), first);
  return values;
}

TEST(Blocks, GiveBackWhatCameInWhateverTheCut) {
  for (int n = 0; n <= 13; ++n) {
    for (int cut = 0; cut <= n; ++cut) {
      for (int step : {1, 3, 4, 13}) {
        Blocks<int, 4> blocks;
        const std::vector<int> all = range(0, n);
        for (int at = 0; at < n; at += step)
          blocks.append(all.data() + at, static_cast<size_t>(std::min(step, n - at)));
        EXPECT_EQ(blocks.size(), static_cast<size_t>(n));
        EXPECT_EQ(blocks.take_from(static_cast<size_t>(cut)), range(cut, n)) << n << " " << cut << " " << step;
        EXPECT_EQ(blocks.size(), static_cast<size_t>(cut));
        blocks.append(all.data() + cut, static_cast<size_t>(n - cut));
        EXPECT_EQ(blocks.take_from(0), all) << n << " " << cut << " " << step;
        EXPECT_EQ(blocks.size(), 0u);
      }
    }
  }
}

}  // namespace
}  // namespace tritium
