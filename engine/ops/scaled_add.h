#pragma once

#include "ops/step_values.h"
#include "shaders/params/scaled_add.h"

namespace tritium {

namespace cpu_ref {
void scaled_add(const ScaledAddParams& p, std::span<const float> a, std::span<const float> b, std::span<float> y);
}

// What of a training step the scales are multiplied with.
enum class StepFactor : uint32_t {
  none = TRITIUM_STEP_NOTHING,
  momentum = TRITIUM_STEP_MOMENTUM,     // a_scale by the momentum, b_scale by what clipping leaves of gradients
  loss_scale = TRITIUM_STEP_LOSS_SCALE  // b_scale
};

// y = a_scale a + b_scale b; y may be a or b.
struct ScaledAdd {
  static constexpr std::string_view kName = "scaled_add";
  static constexpr double kTolerance = kOneRounding;
  static constexpr auto reference = cpu_ref::scaled_add;
  Tensor a;  // f32, any shape
  Tensor b;
  Tensor y;
  float a_scale = 1.0f;
  float b_scale = 1.0f;
  StepFactor step_factor = StepFactor::none;
  Tensor now;  // StepValues (check_step): with a step_factor

  static void visit(auto& op, auto&& f) {
    f(Role::input, op.a), f(Role::input, op.b), f(Role::output, op.y), f(Role::input, op.now, of_the_step);
  }

  ScaledAddParams params() const {
    return {.n_values = u32(y.elements()),
            .a_scale = a_scale,
            .b_scale = b_scale,
            .step_factor = static_cast<uint32_t>(step_factor)};
  }

  Status check() const {
    Checker c(kName);
    c.f32("a", a, a.shape).f32("b", b, a.shape).f32("y", y, a.shape);
    return check_step(c, now)
        .that(now || step_factor == StepFactor::none, "a factor of the step needs its numbers")
        .status();
  }
};

}  // namespace tritium
