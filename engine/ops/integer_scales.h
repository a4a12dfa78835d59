#pragma once

#include "ops/fake_quantize.h"
#include "shaders/params/integer_scales.h"

namespace tritium {

namespace cpu_ref {
void integer_scales(const IntegerScalesParams& p, std::span<const std::byte> parameter, std::span<float> alpha);
}

// Scales of integers (shaders/lib/integers.h), one for each group of columns of a row:
//   absmax       s = max |w| / qmax
//   clip_search  of s = q / qmax, with q the quantiles .999, .9995, .9999, .99999 and 1 of |w| (linear between ranks),
//                that with the least sum of (w - s clip(round(w / s), -qmax, qmax))^2; of equal ones the largest
// 0 where all |w| are below 1e-20. Errors are those of the scale as it is stored: with round_to_f16 the nearest F16, at
// least 2^-24 and at most 65504. They are added up in floats and in one order on all devices, so the choice is the same
// on all; where two errors are as near as floats tell w from s round(w / s) (2^-23 |w|), it may not be that of exact
// arithmetic.
struct IntegerScales {
  static constexpr std::string_view kName = "integer_scales";
  static constexpr double kTolerance = kExact;
  static constexpr auto reference = cpu_ref::integer_scales;
  Weight parameter;  // f32, bf16 or i8
  Tensor alpha;      // f32 [n_matrices * rows * groups]
  Quantizer quantizer = Quantizer::int8;
  int64_t group_size = 0;  // columns a scale covers; 0: a row
  bool clip_search = false;
  bool round_to_f16 = false;

  static void visit(auto& op, auto&& f) { f(Role::input, op.parameter), f(Role::output, op.alpha); }

  IntegerScalesParams params() const {
    const int64_t group = scale_group_size(group_size, parameter.cols);
    return {.n_rows = u32(rows_of(parameter)),
            .cols = u32(parameter.cols),
            .plane = plane_of(parameter),
            .quantizer = static_cast<uint32_t>(quantizer),
            .n_groups = u32(ceil_div(parameter.cols, group)),
            .group_size = u32(group),
            .clip_search = clip_search ? 1u : 0u,
            .round_to_f16 = round_to_f16 ? 1u : 0u};
  }

  Status check() const {
    Checker c(kName);
    check_parameter(c, parameter).that(quantizer != Quantizer::ternary, "trits have no integer scales");
    c.that(group_size >= 0 && group_size % 16 == 0, "a scale group must be a multiple of 16");
    c.that(parameter.cols <= int64_t{1} << 25, "rows have at most 2^25 columns");
    if (!c.ok()) return c.status();
    const int64_t groups = ceil_div(parameter.cols, scale_group_size(group_size, parameter.cols));
    return c.f32("alpha", alpha, {rows_of(parameter) * groups}).status();
  }
};

}  // namespace tritium
