#include <gtest/gtest.h>

#include <vector>

#include "ops/all.h"
#include "tests/ops/finite_difference.h"

namespace tritium {

TEST(CombineExpertsBackwardReference, IsTheDerivativeOfTheWeightedSum) {
  constexpr uint32_t kTokens = 3, kTopK = 2, kDim = 4;
  const auto x = random_floats(kTokens * kTopK * kDim, 1), weights = random_floats(kTokens * kTopK, 2);
  const auto dy = random_floats(kTokens * kDim, 3);
  std::vector<float> dx(x.size()), dweights(weights.size());
  cpu_ref::combine_experts_backward({.n_tokens = kTokens, .top_k = kTopK, .dim = kDim}, x, weights, dy, dx, dweights);
  const auto loss = [&](const Doubles& in, const Doubles& w) {
    double sum = 0;
    for (size_t slot = 0; slot < kTokens * kTopK; ++slot)
      for (size_t d = 0; d < kDim; ++d) sum += dy[slot / kTopK * kDim + d] * w[slot] * in[slot * kDim + d];
    return sum;
  };
  const Doubles x0(x.begin(), x.end()), w0(weights.begin(), weights.end());
  expect_gradient(
      dx, [&](const Doubles& in) { return loss(in, w0); }, x);
  expect_gradient(
      dweights, [&](const Doubles& w) { return loss(x0, w); }, weights);
}

}  // namespace tritium
