#include <vector>

#include "cpu_ref/operations.h"
#include "tests/ops/backend_test.h"

namespace tritium {

class SumSquares : public BackendTest {};
INSTANTIATE_TEST_SUITE_P(Backends, SumSquares, tested_backends(), backend_name);

TEST_P(SumSquares, AgreesWithTheReferenceOnEveryShape) { expect_agreement(GetParam(), "sum_squares"); }

TEST(SumSquaresReference, WritesItsOwnPlaceAlone) {
  std::vector<float> sums = {1, 1, 1};
  cpu_ref::sum_squares({.n_values = 2, .index = 1}, std::vector<float>{3, -4}, sums);
  EXPECT_EQ(sums, (std::vector<float>{1, 25, 1}));
}

}  // namespace tritium
