#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "ops/all.h"
#include "tests/ops/finite_difference.h"

namespace tritium {

TEST(GatedActivationBackwardReference, IsTheDerivativeOfTheGate) {
  constexpr uint32_t kValues = 40;
  const auto gate = random_floats(kValues, 1, 2.0), up = random_floats(kValues, 2, 2.0), dy = random_floats(kValues, 3);
  for (uint32_t activation : {0u, 1u, 2u, 3u})
    for (float clamp : {0.0f, 1.5f}) {
      std::vector<float> dgate(kValues), dup(kValues);
      cpu_ref::gated_activation_backward({.n_values = kValues, .activation = activation, .clamp_at = clamp, .gated = 1},
                                         gate, up, dy, dgate, dup);
      const double limit = clamp > 0 ? clamp : 1e300;
      const auto loss = [&](const Doubles& gates, const Doubles& ups) {
        double sum = 0;
        for (size_t i = 0; i < kValues; ++i) {
          const double g = std::min(gates[i], limit);
          const double act =
              activation == 0 ? g / (1 + std::exp(-g))
              : activation == 1
                  ? 0.5 * g * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (g + 0.044715 * g * g * g)))
              : activation == 2 ? std::max(g, 0.0) * std::max(g, 0.0)
                                : std::pow(std::max(g, 0.0) + 0.5 * std::min(g, 0.0), 2);
          sum += dy[i] * act * std::clamp(ups[i], -limit, limit);
        }
        return sum;
      };
      const Doubles g0(gate.begin(), gate.end()), u0(up.begin(), up.end());
      expect_gradient(
          dgate, [&](const Doubles& g) { return loss(g, u0); }, gate);
      expect_gradient(
          dup, [&](const Doubles& u) { return loss(g0, u); }, up);
    }
}

TEST(GatedActivationBackwardReference, WithoutUpIsTheDerivativeOfTheActivation) {
  constexpr uint32_t kValues = 30;
  const auto x = random_floats(kValues, 1, 2.0), dy = random_floats(kValues, 3);
  std::vector<float> dx(kValues);
  cpu_ref::gated_activation_backward({.n_values = kValues, .activation = 3, .clamp_at = 0, .gated = 0}, x, {}, dy, dx,
                                     {});
  expect_gradient(
      dx,
      [&](const Doubles& in) {
        double sum = 0;
        for (size_t i = 0; i < kValues; ++i)
          sum += dy[i] * std::pow(std::max(in[i], 0.0) + 0.5 * std::min(in[i], 0.0), 2);
        return sum;
      },
      x);
}

}  // namespace tritium
