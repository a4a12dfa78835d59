#include <gtest/gtest.h>

#include <vector>

#include "ops/all.h"

namespace tritium {

TEST(StoreKvReference, WritesTheRowsAtThePositionAndNoOthers) {
  const std::vector<float> k = {1, 2}, v = {3, 4};
  std::vector<float> k_cache(4, -1.0f), v_cache(4, -1.0f);
  const std::vector<int32_t> rows = {0, 1, 1, 1};  // positions 0 and 1 of a sequence whose rows begin at 1
  cpu_ref::store_kv({.n_tokens = 2, .k_row = 1, .v_row = 1}, k, v, rows, k_cache, v_cache);
  EXPECT_EQ(k_cache, (std::vector<float>{-1, 1, 2, -1}));
  EXPECT_EQ(v_cache, (std::vector<float>{-1, 3, 4, -1}));
}

}  // namespace tritium
