#pragma once

#include "ops/op.h"
#include "shaders/params/reject_values_backward.h"

namespace tritium {

namespace cpu_ref {
void reject_values_backward(const RejectValuesBackwardParams& p, std::span<const float> x, std::span<const float> v,
                            std::span<const float> dy, std::span<float> dx, std::span<float> dv);
}

// Of RejectValues, with n = <v, v>, a = <x, v> and b = <dy, v> of each head:
//   dx = dy - (b / n) v,   dv = sum over the heads of v of (2 a b / n^2) v - (a / n) dy - (b / n) x
struct RejectValuesBackward {
  static constexpr std::string_view kName = "reject_values_backward";
  static constexpr double kTolerance = kLongSum;
  static constexpr auto reference = cpu_ref::reject_values_backward;
  Tensor x;   // f32 [T, n_heads, value_dim]
  Tensor v;   // f32 [T, n_kv_heads, value_dim]
  Tensor dy;  // f32 [T, n_heads, value_dim]
  Tensor dx;  // f32, as dy; not dy itself
  Tensor dv;  // f32, as v

  static void visit(auto& op, auto&& f) {
    f(Role::input, op.x), f(Role::input, op.v), f(Role::input, op.dy);
    f(Role::output, op.dx), f(Role::output, op.dv);
  }

  RejectValuesBackwardParams params() const {
    return {.n_tokens = u32(x.shape[0]),
            .n_heads = u32(x.shape[1]),
            .n_kv_heads = u32(v.shape[1]),
            .value_dim = u32(x.shape[2])};
  }

  Status check() const {
    Checker c(kName);
    c.f32_of_rank("x", x, 3), c.f32_of_rank("v", v, 3);
    if (!c.ok()) return c.status();
    return c.f32("v", v, {x.shape[0], v.shape[1], x.shape[2]})
        .f32("dy", dy, x.shape)
        .f32("dx", dx, x.shape)
        .f32("dv", dv, v.shape)
        .that(x.shape[1] % v.shape[1] == 0, "heads must be a multiple of those of the values")
        .status();
  }
};

}  // namespace tritium
