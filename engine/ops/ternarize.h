#pragma once

#include "ops/shadow_update.h"
#include "shaders/params/ternarize.h"

namespace tritium {

namespace cpu_ref {
void ternarize(const TernarizeParams& p, std::span<const std::byte> parameter, std::span<const float> alpha,
               std::span<uint32_t> words, std::span<float> scales, std::span<int32_t> flips,
               std::span<const float> bound);
}

// Codes of every weight from its shadow: trit = ternary_trit(w, bound) (shaders/lib/ternary.h), which is not 0 where
// 2 |w| > bound; scale = alpha. Scale group g of row r has alpha[(r * groups + g) * n_alpha / (rows * groups)]: n_alpha
// equal, consecutive parts.
// flips[r] += trits of row r that changed.
struct Ternarize {
  static constexpr std::string_view kName = "ternarize";
  static constexpr double kTolerance = kExact;
  static constexpr auto reference = cpu_ref::ternarize;
  Weight parameter;  // the shadow: f32, bf16 or i8
  Tensor alpha;      // f32 [n_alpha]
  Weight weight;     // trit2 of the same rows and columns: trits and scales are replaced
  Tensor flips;      // i32 [n_matrices * rows], +=, or none
  Tensor bound;      // f32, as alpha; none: alpha

  static void visit(auto& op, auto&& f) {
    f(Role::input, op.parameter), f(Role::input, op.alpha), f(Role::in_out, op.weight, with_scales);
    f(Role::in_out, op.flips), f(Role::input, op.bound);
  }

  TernarizeParams params() const {
    return {.n_rows = u32(rows_of(parameter)),
            .cols = u32(parameter.cols),
            .plane = plane_of(parameter),
            .padded_cols = u32(weight.row_stride),
            .n_alpha = u32(alpha.elements()),
            .n_groups = u32(ceil_div(parameter.cols, weight.group_size)),
            .group_size = u32(weight.group_size),
            .n_scales = u32(weight.groups_per_row()),
            .count_flips = flips ? 1u : 0u,
            .own_bound = bound ? 1u : 0u};
  }

  Status check() const {
    Checker c(kName);
    check_parameter(c, parameter);
    check_packed_like(c, weight, parameter);
    if (!c.ok()) return c.status();
    check_alpha(c, alpha, parameter, weight.group_size == weight.row_stride ? 0 : weight.group_size);
    if (bound && c.ok()) c.f32("bound", bound, alpha.shape);
    return check_flips(c, flips, parameter).status();
  }
};

}  // namespace tritium
