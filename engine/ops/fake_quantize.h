#pragma once

#include "ops/shadow_update.h"
#include "shaders/params/fake_quantize.h"

namespace tritium {
// Numbers are qmax of the row-wise integers.
enum class Quantizer : uint32_t { ternary = 0, int4 = 7, int5 = 15, int6 = 31, int8 = 127 };

namespace cpu_ref {
void fake_quantize(const FakeQuantizeParams& p, std::span<const std::byte> parameter, std::span<const float> alpha,
                   std::span<float> y, std::span<const float> bound, std::span<const float> source);
// Rows first … last - 1 alone.
void fake_quantize_rows(const FakeQuantizeParams& p, std::span<const std::byte> parameter, std::span<const float> alpha,
                        std::span<float> y, std::span<const float> bound, std::span<const float> source, size_t first,
                        size_t last);
}  // namespace cpu_ref

// y = w + lambda (quantised(v) - w), as floats, with v what `source` has in w's place, or w.
//   ternary: alpha times trit, alpha and bound as in ternarize
//   intN: alpha clip(round_half_even(v / alpha), -qmax, qmax) (shaders/lib/integers.h)
//   without alpha: v
struct FakeQuantize {
  static constexpr std::string_view kName = "fake_quantize";
  static constexpr double kTolerance = kOneRounding;
  static constexpr auto reference = cpu_ref::fake_quantize;
  Weight parameter;  // f32, bf16 or i8
  Tensor alpha;      // f32 [n_alpha], or none
  Weight y;          // f32, the same shape and row stride: replaced
  Quantizer quantizer = Quantizer::ternary;
  int64_t group_size = 0;  // columns a scale covers; 0: a row
  float lambda = 1.0f;
  Tensor now;     // StepValues (check_step), or none
  Tensor bound;   // f32, as alpha; none: alpha
  Tensor source;  // f32, laid out as y; none: the parameter

  static void visit(auto& op, auto&& f) {
    f(Role::input, op.parameter), f(Role::input, op.alpha), f(Role::output, op.y);
    f(Role::input, op.bound), f(Role::input, op.source);
    f(Role::input, op.now, of_the_step);
  }

  FakeQuantizeParams params() const {
    const int64_t group = scale_group_size(group_size, parameter.cols);
    return {.n_rows = u32(rows_of(parameter)),
            .cols = u32(parameter.cols),
            .plane = plane_of(parameter),
            .quantizer = static_cast<uint32_t>(quantizer),
            .n_alpha = alpha ? u32(alpha.elements()) : 0,
            .n_groups = u32(ceil_div(parameter.cols, group)),
            .group_size = u32(group),
            .lambda = lambda,
            .own_bound = bound ? 1u : 0u,
            .own_source = source ? 1u : 0u};
  }

  Status check() const {
    Checker c(kName);
    check_step(check_parameter(c, parameter), now);
    check_floats_like(c, y, parameter);
    if (source && c.ok()) c.f32("source", source, y.data.shape);
    if (!c.ok() || !alpha) return c.that(!bound, "a bound goes with an alpha").status();
    check_alpha(c, alpha, parameter, group_size);
    if (bound && c.ok()) c.f32("bound", bound, alpha.shape);
    return c.status();
  }
};

}  // namespace tritium
