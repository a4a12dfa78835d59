#include <gtest/gtest.h>

#include <vector>

#include "ops/all.h"

namespace tritium {

TEST(EmbeddingReference, ATernaryRowIsItsTritsTimesItsScales) {
  // Codes 2, 0, 1 then padding, for the second of two rows.
  const std::vector<uint32_t> table = {0x55555555u, 0x55555552u};
  const std::vector<float> scales = {1.0f, 0.5f};
  const std::vector<int32_t> tokens = {1};
  std::vector<float> y(3);
  cpu_ref::embedding({.n_tokens = 1,
                      .dim = 3,
                      .row_stride = 16,
                      .dtype = TRITIUM_DTYPE_TRIT2,
                      .group_size = 16,
                      .n_groups = 1,
                      .first_weight_row = 0,
                      .n_weight_rows = 2},
                     std::as_bytes(std::span(table)), scales, tokens, y);
  EXPECT_EQ(y, (std::vector<float>{0.5f, -0.5f, 0.0f}));
}

}  // namespace tritium
