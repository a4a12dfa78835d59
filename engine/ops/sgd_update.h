#pragma once

#include "ops/shadow_update.h"
#include "shaders/params/sgd_update.h"

namespace tritium {

namespace cpu_ref {
void sgd_update(const SgdUpdateParams& p, std::span<std::byte> parameter, std::span<float> sums,
                std::span<const float> alpha, std::span<uint32_t> words, std::span<float> scales,
                std::span<int32_t> flips, std::span<float> gradient, std::span<float> m, std::span<const float> uses);
}

// m = momentum m + g,   w -= learning_rate (m + weight_decay w); the gradient is cleared.
struct SgdUpdate {
  static constexpr std::string_view kName = "sgd_update";
  static constexpr auto tolerance = tolerance_of_update;
  static constexpr auto reference = cpu_ref::sgd_update;
  ShadowUpdate shadow;
  Tensor gradient;  // f32 [n_matrices, rows, cols], cleared
  Tensor m;         // f32, as the gradient, or none: momentum 0
  float learning_rate = 1e-2f;
  float momentum = 0.0f;
  float weight_decay = 0.0f;
  float gradient_scale = 1.0f;
  bool scaled_by_step = true;  // by the gradient_scale of `now`, too
  Tensor now;                  // StepValues (check_step), or none

  static void visit(auto& op, auto&& f) {
    ShadowUpdate::visit(op.shadow, f);
    f(Role::in_out, op.gradient), f(Role::in_out, op.m);
    ShadowUpdate::visit_uses(op.shadow, f);
    f(Role::input, op.now, of_the_step);
  }

  SgdUpdateParams params() const {
    return {.shadow = shadow.params(),
            .learning_rate = learning_rate,
            .momentum = m ? momentum : 0.0f,
            .weight_decay = weight_decay,
            .gradient_scale = gradient_scale,
            .scaled_by_step = scaled_by_step ? 1u : 0u};
  }

  Status check() const {
    Checker c(kName);
    check_step(shadow.check(c, gradient), now);
    if (m && c.ok()) c.f32("m", m, gradient.shape);
    return c.that(m || momentum == 0.0f, "momentum needs its state").status();
  }
};

}  // namespace tritium
