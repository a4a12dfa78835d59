#pragma once

#include "ops/op.h"
#include "shaders/params/scaled_add.h"

namespace tritium {

namespace cpu_ref {
void scaled_add(const ScaledAddParams& p, std::span<const float> a, std::span<const float> b, std::span<float> y);
}

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

  static void visit(auto& op, auto&& f) { f(Role::input, op.a), f(Role::input, op.b), f(Role::output, op.y); }

  ScaledAddParams params() const { return {.n_values = u32(y.elements()), .a_scale = a_scale, .b_scale = b_scale}; }

  Status check() const {
    return Checker(kName).f32("a", a, a.shape).f32("b", b, a.shape).f32("y", y, a.shape).status();
  }
};

}  // namespace tritium
