#pragma once

#include "ops/op.h"
#include "shaders/params/scale_columns.h"

namespace tritium {

namespace cpu_ref {
void scale_columns(const ScaleColumnsParams& p, std::span<const float> z, std::span<const float> scales,
                   std::span<const float> x, std::span<float> y);
}

// y = x + f(s) z, f the identity or the sigmoid, with a learned scale for each of m parts of a row: one for all of it,
// one a head, one a column. A row is what follows the first dimension.
struct ScaleColumns {
  static constexpr std::string_view kName = "scale_columns";
  static constexpr double kTolerance = sigmoid_error(12);
  static constexpr auto reference = cpu_ref::scale_columns;
  Tensor z;            // f32 [R, …]
  Tensor scales;       // f32 [m], m a divisor of the row's length
  Tensor x{};          // f32, as z; none: 0
  Tensor y;            // f32, as z; may be x or z
  bool gated = false;  // f is the sigmoid

  static void visit(auto& op, auto&& f) {
    f(Role::input, op.z), f(Role::input, op.scales), f(Role::input, op.x), f(Role::output, op.y);
  }

  ScaleColumnsParams params() const {
    const int64_t dim = z.elements() / z.shape[0];
    return {.n_rows = u32(z.shape[0]),
            .dim = u32(dim),
            .columns_of_scale = u32(dim / scales.elements()),
            .gated = gated ? 1u : 0u,
            .adds = x ? 1u : 0u};
  }

  Status check() const {
    Checker c(kName);
    c.f32("z", z, z.shape).rank("scales", scales, 1);
    if (!c.ok() || !z || !scales) return c.that(z && scales, "z and scales are needed").status();
    c.f32("scales", scales, scales.shape)
        .that(z.elements() / z.shape[0] % scales.elements() == 0, "a row must be a multiple of the scales")
        .f32("y", y, z.shape);
    if (x) c.f32("x", x, z.shape);
    return c.status();
  }
};

}  // namespace tritium
