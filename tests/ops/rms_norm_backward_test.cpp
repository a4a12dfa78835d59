#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "ops/all.h"
#include "tests/ops/finite_difference.h"

namespace tritium {

TEST(RmsNormBackwardReference, IsTheDerivativeOfTheNorm) {
  constexpr uint32_t kRows = 3, kDim = 5;
  const auto x = random_floats(kRows * kDim, 1), weight = random_floats(kDim, 2), dy = random_floats(kRows * kDim, 3);
  std::vector<float> dx(x.size()), dweight(kDim);
  cpu_ref::rms_norm_backward({.n_rows = kRows, .dim = kDim, .eps = 1e-3f, .accumulate = 0}, x, weight, dy, dx, dweight);

  const auto loss = [&](const Doubles& in, const Doubles& w) {
    double sum = 0;
    for (size_t row = 0; row < kRows; ++row) {
      double squares = 0;
      for (size_t d = 0; d < kDim; ++d) squares += in[row * kDim + d] * in[row * kDim + d];
      for (size_t d = 0; d < kDim; ++d)
        sum += dy[row * kDim + d] * in[row * kDim + d] / std::sqrt(squares / kDim + double{1e-3f}) * w[d];
    }
    return sum;
  };
  const Doubles x0(x.begin(), x.end()), w0(weight.begin(), weight.end());
  expect_gradient(
      dx, [&](const Doubles& in) { return loss(in, w0); }, x);
  expect_gradient(
      dweight, [&](const Doubles& w) { return loss(x0, w); }, weight);
}

}  // namespace tritium
