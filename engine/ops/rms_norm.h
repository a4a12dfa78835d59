#pragma once

#include "ops/op.h"
#include "shaders/params/rms_norm.h"

namespace tritium {

namespace cpu_ref {
void rms_norm(const RmsNormParams& p, std::span<const float> x, std::span<const float> weight, std::span<float> y);
}

// y = x / sqrt(mean(x^2) + eps) * weight, over the last dimension. Zhang & Sennrich 2019.
struct RmsNorm {
  static constexpr std::string_view kName = "rms_norm";
  // The error of a mean is halved by its root.
  static constexpr double kTolerance =
      0.5 * (sum_error(kWords) + kDivision + kRounding) + kSquareRoot + kDivision + 3 * kRounding;
  static constexpr auto reference = cpu_ref::rms_norm;
  Tensor x;       // f32 [R, dim]
  Tensor weight;  // f32 [dim]
  Tensor y;       // f32 [R, dim]
  float eps = 1e-5f;

  static void visit(auto& op, auto&& f) { f(Role::input, op.x), f(Role::input, op.weight), f(Role::output, op.y); }

  RmsNormParams params() const { return {.n_rows = u32(rows_of(x)), .dim = u32(x.shape[-1]), .eps = eps}; }

  Status check() const {
    Checker c(kName);
    c.f32("x", x, x.shape).that(x.shape.rank() >= 1, "x must have a dimension");
    if (!c.ok()) return c.status();
    return c.f32("weight", weight, {x.shape[-1]}).f32("y", y, x.shape).status();
  }
};

}  // namespace tritium
