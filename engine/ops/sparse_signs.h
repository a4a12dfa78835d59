#pragma once

#include "ops/shadow_update.h"
#include "shaders/params/sparse_signs.h"

namespace tritium {

namespace cpu_ref {
void sparse_signs(const SparseSignsParams& p, std::span<const std::byte> parameter, std::span<float> y,
                  std::span<float> alpha);
}

// 3:4 sparse trits (Huang et al. 2025, "Sherry"; what STQ1_0 stores): of the columns 64 i + j + {0, 16, 32, 48}, j <
// 16, that with the least |w| (of equal ones the first) is y = 0, the others are y = 1 where w >= 0, else -1; alpha =
// the mean |w| of the others, over each group of columns of a row: the scale of the least squared error.
struct SparseSigns {
  static constexpr std::string_view kName = "sparse_signs";
  static constexpr double kTolerance = kExact;
  static constexpr auto reference = cpu_ref::sparse_signs;
  Weight parameter;           // f32, bf16 or i8
  Weight y;                   // f32, the same shape and row stride: replaced
  Tensor alpha;               // f32 [n_matrices * rows * groups]
  int64_t group_size = 0;     // columns an alpha covers, a multiple of 64; 0: a row
  bool round_to_f16 = false;  // alpha, to what files store

  static void visit(auto& op, auto&& f) {
    f(Role::input, op.parameter), f(Role::output, op.y), f(Role::output, op.alpha);
  }

  SparseSignsParams params() const {
    const int64_t group = scale_group_size(group_size, parameter.cols), kept = group / 4 * 3;
    return {.n_rows = u32(rows_of(parameter)),
            .cols = u32(parameter.cols),
            .plane = plane_of(parameter),
            .n_groups = u32(parameter.cols / group),
            .group_size = u32(group),
            .per_kept = 1.0f / static_cast<float>(kept),
            .round_to_f16 = round_to_f16 ? 1u : 0u};
  }

  Status check() const {
    Checker c(kName);
    if (!check_floats_like(check_parameter(c, parameter), y, parameter).ok()) return c.status();
    const int64_t group = scale_group_size(group_size, parameter.cols);
    c.that(parameter.cols % 64 == 0, "rows must be multiples of 64 columns");
    c.that(group > 0 && group % 64 == 0 && parameter.cols % group == 0, "groups must be equal multiples of 64 columns");
    if (!c.ok()) return c.status();
    return c.f32("alpha", alpha, {rows_of(parameter) * (parameter.cols / group)}).status();
  }
};

}  // namespace tritium
