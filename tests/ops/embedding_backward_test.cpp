#include <vector>

#include "cpu_ref/operations.h"
#include "tests/ops/backend_test.h"

namespace tritium {

class EmbeddingBackward : public BackendTest {};
INSTANTIATE_TEST_SUITE_P(Backends, EmbeddingBackward, tested_backends(), backend_name);

TEST_P(EmbeddingBackward, AgreesWithTheReferenceOnEveryShape) { expect_agreement(GetParam(), "embedding_backward"); }

TEST(EmbeddingBackwardReference, RepeatedTokensAddUp) {
  const std::vector<int32_t> tokens = {2, 0, 2};
  const std::vector<float> dy = {1, 2, 3, 4, 5, 6};
  std::vector<float> dtable = {0, 0, 9, 9, 100, 100};
  cpu_ref::embedding_backward({.n_tokens = 3, .vocab_size = 3, .dim = 2}, tokens, dy, dtable);
  EXPECT_EQ(dtable, (std::vector<float>{3, 4, 9, 9, 106, 108}));
}

}  // namespace tritium
