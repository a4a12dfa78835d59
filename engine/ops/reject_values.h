#pragma once

#include "ops/op.h"
#include "shaders/params/reject_values.h"

namespace tritium {

namespace cpu_ref {
void reject_values(const RejectValuesParams& p, std::span<const float> x, std::span<const float> v, std::span<float> y);
}

// y[t, h] = x - (<x, v> / <v, v>) v: what attention gives for head h, without its part along the token's own value
// v[t, kv head of h] (exclusive self-attention). A value of zeros takes nothing away. y may be x.
struct RejectValues {
  static constexpr std::string_view kName = "reject_values";
  static constexpr double kTolerance = kLongSum;
  static constexpr auto reference = cpu_ref::reject_values;
  Tensor x;  // f32 [T, n_heads, value_dim]
  Tensor v;  // f32 [T, n_kv_heads, value_dim], n_kv_heads a divisor of n_heads
  Tensor y;  // f32 [T, n_heads, value_dim]

  static void visit(auto& op, auto&& f) { f(Role::input, op.x), f(Role::input, op.v), f(Role::output, op.y); }

  RejectValuesParams params() const {
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
        .f32("y", y, x.shape)
        .that(x.shape[1] % v.shape[1] == 0, "heads must be a multiple of those of the values")
        .status();
  }
};

}  // namespace tritium
