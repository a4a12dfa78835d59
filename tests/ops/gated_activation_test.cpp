#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <vector>

#include "ops/all.h"

namespace tritium {

namespace {

float gate(float g, float up, GateActivation activation, float clamp = 0.0f) {
  const std::vector<float> gates = {g}, ups = {up};
  std::vector<float> y(1);
  cpu_ref::gated_activation(
      {.n_values = 1, .activation = static_cast<uint32_t>(activation), .clamp_at = clamp, .gated = 1}, gates, ups, y);
  return y[0];
}

}  // namespace

TEST(GatedActivationReference, SwigluIsXSigmoidXTimesUp) {
  for (double x : {-20.0, -1.0, 0.0, 0.5, 30.0})
    EXPECT_NEAR(gate(static_cast<float>(x), 2.0f, GateActivation::silu), 2.0 * x / (1.0 + std::exp(-x)), 1e-5);
}

TEST(GatedActivationReference, GegluUsesTheTanhApproximation) {
  for (double x : {-3.0, -0.5, 0.0, 1.0, 4.0}) {
    const double u = std::sqrt(2.0 / std::numbers::pi) * (x + 0.044715 * x * x * x);
    EXPECT_NEAR(gate(static_cast<float>(x), 1.0f, GateActivation::gelu), 0.5 * x * (1.0 + std::tanh(u)), 1e-6);
  }
}

TEST(GatedActivationReference, SquaredReluIsZeroBelowZero) {
  EXPECT_EQ(gate(-3.0f, 5.0f, GateActivation::relu2), 0.0f);
  EXPECT_EQ(gate(3.0f, 5.0f, GateActivation::relu2), 45.0f);
}

TEST(GatedActivationReference, SquaredLeakyReluHalvesWhatIsBelowZeroBeforeItSquares) {
  EXPECT_EQ(gate(-3.0f, 2.0f, GateActivation::leaky_relu2), 4.5f);
  EXPECT_EQ(gate(3.0f, 2.0f, GateActivation::leaky_relu2), 18.0f);
}

TEST(GatedActivationReference, WithoutUpIsTheActivationAlone) {
  const std::vector<float> x = {-2.0f, 3.0f, 9.0f};
  std::vector<float> y(3);
  cpu_ref::gated_activation({.n_values = 3, .activation = 2, .clamp_at = 7.0f, .gated = 0}, x, {}, y);
  EXPECT_EQ(y, (std::vector<float>{0.0f, 9.0f, 49.0f}));
}

TEST(GatedActivationReference, TheClampBoundsTheGateAboveAndUpOnBothSides) {
  EXPECT_EQ(gate(100.0f, 100.0f, GateActivation::relu2, 7.0f), 49.0f * 7.0f);
  EXPECT_EQ(gate(100.0f, -100.0f, GateActivation::relu2, 7.0f), 49.0f * -7.0f);
  EXPECT_FLOAT_EQ(gate(-20.0f, 1.0f, GateActivation::silu, 7.0f), gate(-20.0f, 1.0f, GateActivation::silu));
}

}  // namespace tritium
