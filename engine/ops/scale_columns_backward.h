#pragma once

#include "ops/op.h"
#include "shaders/params/scale_columns_backward.h"

namespace tritium {

namespace cpu_ref {
void scale_columns_backward(const ScaleColumnsBackwardParams& p, std::span<const float> z,
                            std::span<const float> scales, std::span<const float> dy, std::span<float> dz,
                            std::span<float> dscales);
}

// Of ScaleColumns: dz = f(s) dy, ds += f'(s) sum over rows, and over the columns of s, of dy z. (dx = dy.)
struct ScaleColumnsBackward {
  static constexpr std::string_view kName = "scale_columns_backward";
  static constexpr double kTolerance = kLongSum;
  static constexpr auto reference = cpu_ref::scale_columns_backward;
  Tensor z;        // f32 [R, …]
  Tensor scales;   // f32 [m]
  Tensor dy;       // f32, as z
  Tensor dz;       // f32, as z
  Tensor dscales;  // f32 [m], +=
  bool gated = false;
  bool accumulate = false;  // into dz

  static void visit(auto& op, auto&& f) {
    f(Role::input, op.z), f(Role::input, op.scales), f(Role::input, op.dy);
    f(role_of_sum(op.accumulate), op.dz), f(Role::in_out, op.dscales);
  }

  ScaleColumnsBackwardParams params() const {
    const int64_t dim = z.elements() / z.shape[0];
    return {.n_rows = u32(z.shape[0]),
            .dim = u32(dim),
            .columns_of_scale = u32(dim / scales.elements()),
            .gated = gated ? 1u : 0u,
            .accumulate = accumulate ? 1u : 0u};
  }

  Status check() const {
    Checker c(kName);
    c.f32("z", z, z.shape).rank("scales", scales, 1);
    if (!c.ok() || !z || !scales) return c.that(z && scales, "z and scales are needed").status();
    return c.f32("scales", scales, scales.shape)
        .that(z.elements() / z.shape[0] % scales.elements() == 0, "a row must be a multiple of the scales")
        .f32("dy", dy, z.shape)
        .f32("dz", dz, z.shape)
        .f32("dscales", dscales, scales.shape)
        .status();
  }
};

}  // namespace tritium
