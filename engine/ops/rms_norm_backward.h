#pragma once

#include "ops/op.h"
#include "shaders/params/rms_norm_backward.h"

namespace tritium {

namespace cpu_ref {
void rms_norm_backward(const RmsNormBackwardParams& p, std::span<const float> x, std::span<const float> weight,
                       std::span<const float> dy, std::span<float> dx, std::span<float> dweight);
}

// With r = 1 / sqrt(mean(x^2) + eps):
//   dx = r (weight dy - x r^2 mean(weight dy x)),   dweight += sum over rows of dy x r
struct RmsNormBackward {
  static constexpr std::string_view kName = "rms_norm_backward";
  static constexpr double kTolerance = kLongSum;
  static constexpr auto reference = cpu_ref::rms_norm_backward;
  Tensor x;        // f32 [R, dim]
  Tensor weight;   // f32 [dim]
  Tensor dy;       // f32 [R, dim]
  Tensor dx;       // f32 [R, dim]
  Tensor dweight;  // f32 [dim], +=
  float eps = 1e-5f;
  bool accumulate = false;  // into dx

  static void visit(auto& op, auto&& f) {
    f(Role::input, op.x), f(Role::input, op.weight), f(Role::input, op.dy);
    f(role_of_sum(op.accumulate), op.dx), f(Role::in_out, op.dweight);
  }

  RmsNormBackwardParams params() const {
    return {.n_rows = u32(x.elements() / x.shape[-1]),
            .dim = u32(x.shape[-1]),
            .eps = eps,
            .accumulate = accumulate ? 1u : 0u};
  }

  Status check() const {
    Checker c(kName);
    c.f32("x", x, x.shape).that(x.shape.rank() >= 1, "x must have a dimension");
    if (!c.ok()) return c.status();
    c.f32("weight", weight, {x.shape[-1]}), c.f32("dweight", dweight, {x.shape[-1]});
    c.f32("dy", dy, x.shape), c.f32("dx", dx, x.shape);
    return c.status();
  }
};

}  // namespace tritium
