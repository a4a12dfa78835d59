#include <gtest/gtest.h>

#include <vector>

#include "ops/all.h"
#include "tests/ops/finite_difference.h"

namespace tritium {

// <dy, P x> = <P^T dy, x> for the linear map P of previous_rows.
TEST(PreviousRowsBackwardReference, IsTheTransposedMap) {
  constexpr uint32_t kTokens = 6, kDim = 3;
  const std::vector<int32_t> rows = {0, 0, 1, 0, 2, 0, 0, 3, 1, 3, 2, 3};
  const auto x = random_floats(kTokens * kDim, 1), dy = random_floats(kTokens * kDim, 2);
  std::vector<float> y(x.size()), dx(x.size());
  cpu_ref::previous_rows({.n_tokens = kTokens, .dim = kDim, .cached = 0}, x, rows, {}, y);
  cpu_ref::previous_rows_backward({.n_tokens = kTokens, .dim = kDim, .accumulate = 0}, dy, rows, dx);
  double forward = 0, backward = 0;
  for (size_t i = 0; i < x.size(); ++i) forward += double{dy[i]} * y[i], backward += double{dx[i]} * x[i];
  EXPECT_NEAR(forward, backward, 1e-12);
}

}  // namespace tritium
