#pragma once

#include "ops/shadow_update.h"
#include "shaders/params/adamw_update.h"

namespace tritium {

namespace cpu_ref {
void adamw_update(const AdamwUpdateParams& p, std::span<std::byte> parameter, std::span<float> sums,
                  std::span<const float> alpha, std::span<uint32_t> words, std::span<float> scales,
                  std::span<int32_t> flips, std::span<float> gradient, std::span<std::byte> m, std::span<std::byte> v,
                  std::span<float> m_scales, std::span<float> v_scales, std::span<const float> uses);
}

// AdamW (Loshchilov & Hutter 2019) with g = gradient_scale * gradient:
//   m = beta1 m + (1 - beta1) g,   v = beta2 v + (1 - beta2) g^2
//   w -= learning_rate (m correction1 / (sqrt(v correction2) + eps) + weight_decay w)
// and the gradient is cleared. States are f32, or 8-bit codes of blocks of 256 columns with a scale each
// (shaders/lib/moments.h; after Dettmers et al. 2021).
struct AdamwUpdate {
  static constexpr std::string_view kName = "adamw_update";
  static constexpr auto tolerance = tolerance_of_update;
  static constexpr auto reference = cpu_ref::adamw_update;
  ShadowUpdate shadow;
  Tensor gradient;  // f32 [n_matrices, rows, cols], cleared
  Tensor m;         // f32 or i8, as the gradient
  Tensor v;
  Tensor m_scales;  // f32 [n_matrices * rows, ceil(cols / 256)] with i8 states
  Tensor v_scales;
  float learning_rate = 1e-3f;
  float beta1 = 0.9f;
  float beta2 = 0.95f;
  float eps = 1e-8f;
  float weight_decay = 0.0f;
  float correction1 = 1.0f;  // 1 / (1 - beta1^t), t = 1 for the first step
  float correction2 = 1.0f;
  float gradient_scale = 1.0f;
  Tensor now;  // StepValues (check_step), or none

  static void visit(auto& op, auto&& f) {
    ShadowUpdate::visit(op.shadow, f);
    for (auto* t : {&op.gradient, &op.m, &op.v}) f(Role::in_out, *t);
    for (auto* t : {&op.m_scales, &op.v_scales}) f(Role::in_out, *t);
    ShadowUpdate::visit_uses(op.shadow, f);
    f(Role::input, op.now, of_the_step);
  }

  AdamwUpdateParams params() const {
    return {.shadow = shadow.params(),
            .learning_rate = learning_rate,
            .beta1 = beta1,
            .beta2 = beta2,
            .eps = eps,
            .weight_decay = weight_decay,
            .correction1 = correction1,
            .correction2 = correction2,
            .gradient_scale = gradient_scale,
            .states_8bit = m_scales ? 1u : 0u};
  }

  Status check() const {
    Checker c(kName);
    check_step(shadow.check(c, gradient), now);
    if (!c.ok()) return c.status();
    const bool codes = static_cast<bool>(m_scales);
    c.tensor("m", m, codes ? DType::i8 : DType::f32, gradient.shape);
    c.tensor("v", v, codes ? DType::i8 : DType::f32, gradient.shape);
    if (!codes) return c.that(!v_scales, "m and v must be of one kind").status();
    const Shape scales = {gradient.shape[0] * gradient.shape[1], ceil_div(gradient.shape[2], 256)};
    return c.f32("m_scales", m_scales, scales).f32("v_scales", v_scales, scales).status();
  }
};

}  // namespace tritium
