#include "shaders/lib/activation.h"

#include "cpu_ref/operations.h"

namespace tritium::cpu_ref {

void gated_activation(const GatedActivationParams& p, std::span<const float> gate, std::span<const float> up,
                      std::span<float> y) {
  for (size_t i = 0; i < p.n_values; ++i) y[i] = shader::gate_value(gate[i], up[i], p.activation, p.clamp_at);
}

}  // namespace tritium::cpu_ref
