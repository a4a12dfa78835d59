// act(min(gate, clamp)) * clip(up, -clamp, clamp), in double and rounded once. shaders/lib/activation.h is the same in
// the single precision of a shader.
#include <algorithm>
#include <cmath>
#include <limits>

#include "cpu_ref/operations.h"

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
  }
  return 0.0;
}

}  // namespace

void gated_activation(const GatedActivationParams& p, std::span<const float> gate, std::span<const float> up,
                      std::span<float> y) {
  const double clamp = p.clamp_at > 0.0f ? p.clamp_at : std::numeric_limits<double>::infinity();
  for (size_t i = 0; i < p.n_values; ++i) {
    const double g = std::min<double>(gate[i], clamp);
    const double u = std::clamp<double>(up[i], -clamp, clamp);
    y[i] = static_cast<float>(activate(g, static_cast<GateActivation>(p.activation)) * u);
  }
}

}  // namespace tritium::cpu_ref
