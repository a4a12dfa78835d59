#include <vector>

#include "cpu_ref/operations.h"
#include "tests/ops/backend_test.h"

namespace tritium {

class StoreKv : public BackendTest {};
INSTANTIATE_TEST_SUITE_P(Backends, StoreKv, tested_backends(), backend_name);

TEST_P(StoreKv, AgreesWithTheReferenceOnEveryShape) { expect_agreement(GetParam(), "store_kv"); }

TEST(StoreKvReference, WritesTheRowsAtThePositionAndNoOthers) {
  const std::vector<float> k = {1, 2}, v = {3, 4};
  std::vector<float> k_cache(4, -1.0f), v_cache(4, -1.0f);
  cpu_ref::store_kv({.n_tokens = 2, .k_row = 1, .v_row = 1, .position = 1}, k, v, k_cache, v_cache);
  EXPECT_EQ(k_cache, (std::vector<float>{-1, 1, 2, -1}));
  EXPECT_EQ(v_cache, (std::vector<float>{-1, 3, 4, -1}));
}

}  // namespace tritium
