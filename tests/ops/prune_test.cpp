#include "ops/prune.h"

#include <gtest/gtest.h>

#include <vector>

#include "shaders/params/dtype.h"

namespace tritium {
namespace {

std::vector<float> pruned(const std::vector<float>& w, uint32_t rows, uint32_t n_pruned) {
  std::vector<float> y(w.size(), 9.0f);
  const auto cols = static_cast<uint32_t>(w.size()) / rows;
  cpu_ref::prune({.n_rows = rows,
                  .cols = cols,
                  .plane = {.row_stride = cols, .dtype = TRITIUM_DTYPE_F32, .code_step = 0.0f},
                  .n_pruned = n_pruned},
                 std::as_bytes(std::span(w)), y);
  return y;
}

TEST(PruneReference, DropsTheLeastOfEachRow) {
  EXPECT_EQ(pruned({3, -1, 2, -4, 10, 30, -20, 5}, 2, 2), (std::vector<float>{3, 0, 0, -4, 0, 30, -20, 0}));
}

TEST(PruneReference, KeepsAllWhereNoneIsToGo) {
  EXPECT_EQ(pruned({3, 0, -2, 1}, 1, 0), (std::vector<float>{3, 0, -2, 1}));
}

TEST(PruneReference, KeepsThoseThatEqualTheFirstThatStays) {
  EXPECT_EQ(pruned({1, -2, 2, 2, -3}, 1, 2), (std::vector<float>{0, -2, 2, 2, -3}));
}

}  // namespace
}  // namespace tritium
