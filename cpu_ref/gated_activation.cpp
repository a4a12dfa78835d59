// y = act(min(gate, clamp)) * clip(up, -clamp, clamp), and the gradients, in double and rounded once.
// shaders/lib/activation.h is the same in the single precision of a shader.
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/cancel.h"
#include "ops/gated_activation.h"
#include "ops/gated_activation_backward.h"

namespace tritium::cpu_ref {
namespace {

double activate(double x, GateActivation activation) {
  switch (activation) {
    case GateActivation::silu: return x / (1.0 + std::exp(-x));
    case GateActivation::gelu: {
      // 0.5 x (1 + tanh(u)) = x / (1 + exp(-2u))
      const double u = 0.7978845608028654 * (x + 0.044715 * x * x * x);
      return x / (1.0 + std::exp(-2.0 * u));
    }
    case GateActivation::relu2: return x > 0.0 ? x * x : 0.0;
    case GateActivation::leaky_relu2: return x > 0.0 ? x * x : 0.25 * x * x;
  }
  return 0.0;
}

}  // namespace

void gated_activation(const GatedActivationParams& p, std::span<const float> gate, std::span<const float> up,
                      std::span<float> y) {
  const double clamp = p.clamp_at > 0.0f ? p.clamp_at : std::numeric_limits<double>::infinity();
  for (size_t i = 0; i < p.n_values; ++i) {
    check_cancelled_every<4096>(i);
    const double g = std::min<double>(gate[i], clamp);
    const double u = p.gated ? std::clamp<double>(up[i], -clamp, clamp) : 1.0;
    y[i] = static_cast<float>(activate(g, static_cast<GateActivation>(p.activation)) * u);
  }
}

namespace {

struct ValueAndSlope {
  double value;
  double slope;
};

ValueAndSlope activation_and_slope(double x, GateActivation activation) {
  switch (activation) {
    case GateActivation::silu: {
      const double s = 1.0 / (1.0 + std::exp(-x));
      return {x * s, s * (1.0 + x * (1.0 - s))};
    }
    case GateActivation::gelu: {
      // With s = 1 / (1 + exp(-2u)): gelu = x s, d/dx = s + x * 2 s (1 - s) u'
      const double u = 0.7978845608028654 * (x + 0.044715 * x * x * x);
      const double du = 0.7978845608028654 * (1.0 + 3.0 * 0.044715 * x * x);
      const double s = 1.0 / (1.0 + std::exp(-2.0 * u));
      return {x * s, s + x * 2.0 * s * (1.0 - s) * du};
    }
    case GateActivation::relu2: return {x > 0.0 ? x * x : 0.0, x > 0.0 ? 2.0 * x : 0.0};
    case GateActivation::leaky_relu2: return {x > 0.0 ? x * x : 0.25 * x * x, x > 0.0 ? 2.0 * x : 0.5 * x};
  }
  return {0.0, 0.0};
}

}  // namespace

void gated_activation_backward(const GatedActivationBackwardParams& p, std::span<const float> gate,
                               std::span<const float> up, std::span<const float> dy, std::span<float> dgate,
                               std::span<float> dup) {
  const double clamp = p.clamp_at > 0.0f ? p.clamp_at : std::numeric_limits<double>::infinity();
  for (size_t i = 0; i < p.n_values; ++i) {
    check_cancelled_every<4096>(i);
    const ValueAndSlope a =
        activation_and_slope(std::min<double>(gate[i], clamp), static_cast<GateActivation>(p.activation));
    const double u = p.gated ? std::clamp<double>(up[i], -clamp, clamp) : 1.0;
    dgate[i] = static_cast<float>(gate[i] > clamp ? 0.0 : dy[i] * a.slope * u);
    if (p.gated) dup[i] = static_cast<float>(std::abs(double{up[i]}) > clamp ? 0.0 : dy[i] * a.value);
  }
}

}  // namespace tritium::cpu_ref
