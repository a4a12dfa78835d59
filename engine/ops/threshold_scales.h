#pragma once

#include "ops/shadow_update.h"
#include "shaders/params/threshold_scales.h"

namespace tritium {

namespace cpu_ref {
void threshold_scales(const ThresholdScalesParams& p, std::span<const std::byte> parameter, std::span<float> alpha,
                      std::span<float> bound);
}

// Of each row of a shadow, with theta = 0.7 mean |w|:
//   bound = 2 theta (Ternarize: trits are not 0 where |w| > theta),   alpha = the mean of the |w| above theta, or 0
// Of alpha t, with a trit t that is not always 0, alpha and the trits come out again. (Li et al. 2016, "Ternary Weight
// Networks", section 2.3; Maple's weights were trained with it.)
struct ThresholdScales {
  static constexpr std::string_view kName = "threshold_scales";
  static constexpr double kTolerance = kLongSum;
  static constexpr auto reference = cpu_ref::threshold_scales;
  Weight parameter;           // f32, bf16 or i8
  Tensor alpha;               // f32 [n_matrices * rows]
  Tensor bound;               // the same
  bool round_to_f16 = false;  // alpha, to what files store

  static void visit(auto& op, auto&& f) {
    f(Role::input, op.parameter), f(Role::output, op.alpha), f(Role::output, op.bound);
  }

  ThresholdScalesParams params() const {
    return {.n_rows = u32(rows_of(parameter)),
            .cols = u32(parameter.cols),
            .plane = plane_of(parameter),
            .round_to_f16 = round_to_f16 ? 1u : 0u};
  }

  Status check() const {
    Checker c(kName);
    if (!check_parameter(c, parameter).ok()) return c.status();
    return c.f32("alpha", alpha, {rows_of(parameter)}).f32("bound", bound, {rows_of(parameter)}).status();
  }
};

}  // namespace tritium
