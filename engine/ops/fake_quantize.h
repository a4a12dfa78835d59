#pragma once

#include "ops/shadow_update.h"
#include "shaders/params/fake_quantize.h"

namespace tritium {
// Numbers are qmax of the row-wise integers.
enum class Quantizer : uint32_t { ternary = 0, int4 = 7, int5 = 15, int6 = 31, int8 = 127 };

namespace cpu_ref {
void fake_quantize(const FakeQuantizeParams& p, std::span<const std::byte> parameter, std::span<const float> alpha,
                   std::span<float> y);
// Rows first … last - 1 alone.
void fake_quantize_rows(const FakeQuantizeParams& p, std::span<const std::byte> parameter, std::span<const float> alpha,
                        std::span<float> y, size_t first, size_t last);
}  // namespace cpu_ref

// y = w + lambda (quantised(w) - w), as floats.
//   ternary: alpha times trit, alpha as in ternarize
//   intN: s clip(round_half_even(w / s), -qmax - 1, qmax) with s = max |w| of the row / qmax; 0 where that is below
//   1e-30
struct FakeQuantize {
  static constexpr std::string_view kName = "fake_quantize";
  static constexpr double kTolerance = kDeviceFunctions;
  static constexpr auto reference = cpu_ref::fake_quantize;
  Weight parameter;  // f32 or bf16
  Tensor alpha;      // f32 [n_alpha]; none for intN
  Weight y;          // f32, the same shape and row stride: replaced
  Quantizer quantizer = Quantizer::ternary;
  int64_t group_size = 0;  // ternary: columns a scale covers; 0: a row
  float lambda = 1.0f;
  Tensor now;  // StepValues (check_step), or none

  static void visit(auto& op, auto&& f) {
    f(Role::input, op.parameter), f(Role::input, op.alpha), f(Role::output, op.y);
    f(Role::input, op.now, of_the_step);
  }

  FakeQuantizeParams params() const {
    const int64_t group = scale_group_size(group_size, parameter.cols);
    return {.n_rows = u32(rows_of(parameter)),
            .cols = u32(parameter.cols),
            .row_stride = u32(parameter.row_stride),
            .dtype = static_cast<uint32_t>(parameter.dtype),
            .quantizer = static_cast<uint32_t>(quantizer),
            .n_alpha = alpha ? u32(alpha.elements()) : 0,
            .n_groups = u32(ceil_div(parameter.cols, group)),
            .group_size = u32(group),
            .lambda = lambda};
  }

  Status check() const {
    Checker c(kName);
    check_step(check_parameter(c, parameter), now);
    c.weight(y, WeightKind::dense).that(y.dtype == DType::f32, "y must be f32");
    c.that(y.n_matrices == parameter.n_matrices && y.rows == parameter.rows && y.cols == parameter.cols &&
               y.row_stride == parameter.row_stride,
           "y must have the parameter's shape");
    if (!c.ok() || quantizer != Quantizer::ternary) return c.status();
    return check_alpha(c, alpha, parameter, group_size).status();
  }
};

}  // namespace tritium
