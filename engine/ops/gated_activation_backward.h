#pragma once

#include "ops/gated_activation.h"
#include "shaders/params/gated_activation_backward.h"

namespace tritium {

namespace cpu_ref {
void gated_activation_backward(const GatedActivationBackwardParams& p, std::span<const float> gate,
                               std::span<const float> up, std::span<const float> dy, std::span<float> dgate,
                               std::span<float> dup);
}

// Of gated_activation; beyond the clamp the gradient is 0. Without up there is no dup.
struct GatedActivationBackward {
  static constexpr std::string_view kName = "gated_activation_backward";
  // s + x s (e s) with e = exp(-x), s = 1 / (1 + e): e s is e / (1 + e), so that an error of e counts once.
  static constexpr double kTolerance = sigmoid_error(12, 7 * kRounding) + kDivision + 3 * kRounding;
  static constexpr auto reference = cpu_ref::gated_activation_backward;
  Tensor gate;  // f32 [R, width]
  Tensor up{};
  Tensor dy;
  Tensor dgate;
  Tensor dup{};
  GateActivation activation = GateActivation::silu;
  float clamp = 0.0f;

  static void visit(auto& op, auto&& f) {
    for (auto* t : {&op.gate, &op.up, &op.dy}) f(Role::input, *t);
    for (auto* t : {&op.dgate, &op.dup}) f(Role::output, *t);
  }

  GatedActivationBackwardParams params() const {
    return {.n_values = u32(dy.elements()),
            .activation = static_cast<uint32_t>(activation),
            .clamp_at = clamp,
            .gated = up ? 1u : 0u};
  }

  Status check() const {
    Checker c(kName);
    for (const Tensor* t : {&gate, &dy, &dgate}) c.f32("each tensor", *t, gate.shape);
    if (up || dup) c.f32("up", up, gate.shape).f32("dup", dup, gate.shape);
    return c.that(clamp >= 0.0f, "clamp must not be negative").status();
  }
};

}  // namespace tritium
