#pragma once

#include "ops/op.h"
#include "shaders/params/soft_cap.h"

namespace tritium {

namespace cpu_ref {
void soft_cap(const SoftCapParams& p, std::span<const float> x, std::span<float> y);
}

// y = cap tanh(x / cap); y may be x.
struct SoftCap {
  static constexpr std::string_view kName = "soft_cap";
  // 1 - b with b = 2 / (1 + e), e = exp(2 a), most at a = 0.3, where the series ends (lib/soft_cap.h): tanh(a) = 0.29,
  // b = 0.71, b e / (1 + e) = 0.46.
  static constexpr double kTolerance =
      (0.46 * exp_error(0.6, kDivision) + 0.71 * kDivision) / 0.29 + kDivision + 2 * kRounding;
  static constexpr auto reference = cpu_ref::soft_cap;
  Tensor x;  // f32, any shape
  Tensor y;
  float cap = 30.0f;

  static void visit(auto& op, auto&& f) { f(Role::input, op.x), f(Role::output, op.y); }

  SoftCapParams params() const { return {.n_values = u32(x.elements()), .cap = cap}; }

  Status check() const {
    return Checker(kName)
        .f32("x", x, x.shape)
        .f32("y", y, x.shape)
        .that(cap > 0.0f, "the cap must be above 0")
        .status();
  }
};

}  // namespace tritium
