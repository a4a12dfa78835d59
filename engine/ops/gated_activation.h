#pragma once

#include "ops/op.h"
#include "shaders/params/gated_activation.h"

namespace tritium {
enum class GateActivation : uint32_t {
  silu = 0,         // SwiGLU
  gelu = 1,         // GeGLU, tanh approximation
  relu2 = 2,        // ReGLU^2: max(0, x)^2
  leaky_relu2 = 3,  // (max(x, 0) + 0.5 min(x, 0))^2
};

namespace cpu_ref {
void gated_activation(const GatedActivationParams& p, std::span<const float> gate, std::span<const float> up,
                      std::span<float> y);
}

// y = act(min(gate, clamp)) * clip(up, -clamp, clamp), or the activation alone; clamp 0: none.
struct GatedActivation {
  static constexpr std::string_view kName = "gated_activation";
  // 7: of the cubic under GELU.
  static constexpr double kTolerance = sigmoid_error(12, 7 * kRounding);
  static constexpr auto reference = cpu_ref::gated_activation;
  Tensor gate;  // f32 [R, width]
  Tensor up{};  // f32 [R, width], or none
  Tensor y;     // f32 [R, width]
  GateActivation activation = GateActivation::silu;
  float clamp = 0.0f;

  static void visit(auto& op, auto&& f) { f(Role::input, op.gate), f(Role::input, op.up), f(Role::output, op.y); }

  GatedActivationParams params() const {
    return {.n_values = u32(y.elements()),
            .activation = static_cast<uint32_t>(activation),
            .clamp_at = clamp,
            .gated = up ? 1u : 0u};
  }

  Status check() const {
    Checker c(kName);
    c.f32("gate", gate, gate.shape).f32("y", y, gate.shape).that(clamp >= 0.0f, "clamp must not be negative");
    if (up) c.f32("up", up, gate.shape);
    return c.status();
  }
};

}  // namespace tritium
