#include <gtest/gtest.h>

#include <vector>

#include "ops/all.h"

namespace tritium {

TEST(EmbeddingBackwardReference, RepeatedTokensAddUp) {
  const std::vector<int32_t> tokens = {2, 0, 2};
  const std::vector<float> dy = {1, 2, 3, 4, 5, 6};
  std::vector<float> dtable = {0, 0, 9, 9, 100, 100};
  cpu_ref::embedding_backward({.n_tokens = 3, .vocab_size = 3, .dim = 2}, tokens, dy, dtable);
  EXPECT_EQ(dtable, (std::vector<float>{3, 4, 9, 9, 106, 108}));
}

}  // namespace tritium
