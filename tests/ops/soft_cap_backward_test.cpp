#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "ops/all.h"
#include "tests/ops/finite_difference.h"

namespace tritium {

TEST(SoftCapBackwardReference, IsTheDerivativeOfTheCap) {
  const auto x = random_floats(20, 1, 4.0), dy = random_floats(20, 2);
  std::vector<float> dx(x.size());
  cpu_ref::soft_cap_backward({.n_values = 20, .cap = 5.0f, .accumulate = 0}, x, dy, dx);
  expect_gradient(
      dx,
      [&](const Doubles& in) {
        double sum = 0;
        for (size_t i = 0; i < in.size(); ++i) sum += dy[i] * 5.0 * std::tanh(in[i] / 5.0);
        return sum;
      },
      x);
}

}  // namespace tritium
