#include <gtest/gtest.h>

#include <vector>

#include "ops/all.h"
#include "tests/ops/finite_difference.h"

namespace tritium {

TEST(RejectValuesBackwardReference, IsTheDerivativeOfTheRejection) {
  constexpr uint32_t kTokens = 2, kHeads = 4, kKvHeads = 2, kDim = 3;
  const RejectValuesBackwardParams p = {
      .n_tokens = kTokens, .n_heads = kHeads, .n_kv_heads = kKvHeads, .value_dim = kDim};
  const auto x = random_floats(kTokens * kHeads * kDim, 1), v = random_floats(kTokens * kKvHeads * kDim, 2),
             dy = random_floats(x.size(), 3);
  std::vector<float> dx(x.size()), dv(v.size());
  cpu_ref::reject_values_backward(p, x, v, dy, dx, dv);
  const auto loss = [&](const Doubles& in, const Doubles& values) {
    double sum = 0;
    for (size_t row = 0; row < kTokens * kHeads; ++row) {
      const size_t own = row / (kHeads / kKvHeads) * kDim;
      double squares = 0, along = 0;
      for (size_t d = 0; d < kDim; ++d) {
        squares += values[own + d] * values[own + d];
        along += in[row * kDim + d] * values[own + d];
      }
      for (size_t d = 0; d < kDim; ++d)
        sum += dy[row * kDim + d] * (in[row * kDim + d] - along / squares * values[own + d]);
    }
    return sum;
  };
  const Doubles x0(x.begin(), x.end()), v0(v.begin(), v.end());
  expect_gradient(
      dx, [&](const Doubles& in) { return loss(in, v0); }, x);
  expect_gradient(
      dv, [&](const Doubles& values) { return loss(x0, values); }, v);
}

}  // namespace tritium
