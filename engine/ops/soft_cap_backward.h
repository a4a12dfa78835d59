#pragma once

#include "ops/op.h"
#include "shaders/params/soft_cap_backward.h"

namespace tritium {

namespace cpu_ref {
void soft_cap_backward(const SoftCapBackwardParams& p, std::span<const float> x, std::span<const float> dy,
                       std::span<float> dx);
}

// dx = dy (1 - tanh(x / cap)^2); dx may be dy, or x where nothing is added to it.
struct SoftCapBackward {
  static constexpr std::string_view kName = "soft_cap_backward";
  // 4 e / (1 + e)^2, e = exp(-2 |x / cap|), of |x| <= 6 cap.
  static constexpr double kTolerance = exp_error(12, kDivision) + kDivision + 5 * kRounding;
  static constexpr auto reference = cpu_ref::soft_cap_backward;
  Tensor x;  // f32, any shape
  Tensor dy;
  Tensor dx;
  float cap = 30.0f;
  bool accumulate = false;  // into dx

  static void visit(auto& op, auto&& f) {
    f(Role::input, op.x), f(Role::input, op.dy), f(role_of_sum(op.accumulate), op.dx);
  }

  SoftCapBackwardParams params() const {
    return {.n_values = u32(x.elements()), .cap = cap, .accumulate = accumulate ? 1u : 0u};
  }

  Status check() const {
    return Checker(kName)
        .f32("x", x, x.shape)
        .f32("dy", dy, x.shape)
        .f32("dx", dx, x.shape)
        .that(cap > 0.0f, "the cap must be above 0")
        .status();
  }
};

}  // namespace tritium
