#pragma once

#include <algorithm>

#include "ops/op.h"
#include "shaders/params/norm_qkv.h"

namespace tritium {

// What add, rms_norm, quantize_activations (a scale a row) and up to three ternary_matmul of one input give, as one
// operation: of q, k and v, of gate and up, of attention's result.
//   sum = x + branch;  y_i = W_i q(norm(sum)),  without a norm W_i q(sum),  without a branch of x
struct NormQkv {
  static constexpr std::string_view kName = "norm_qkv";
  static constexpr double kTolerance = kOneCode;
  static constexpr bool kComposed = true;   // ops/compose.h
  Tensor x;                                 // f32 [R, dim]
  Tensor branch{};                          // f32 [R, dim], or none
  Tensor norm{};                            // f32 [dim], or none
  Weight weight_0, weight_1{}, weight_2{};  // trit2 (1, rows, dim); the last two, or the last, may be none
  Tensor sum{};                             // f32 [R, dim], where there is a branch
  Tensor y_0, y_1{}, y_2{};                 // f32 [R, rows]
  float eps = 1e-5f;

  static void visit(auto& op, auto&& f) {
    f(Role::input, op.x), f(Role::input, op.branch), f(Role::input, op.norm);
    f(Role::input, op.weight_0, with_scales), f(Role::input, op.weight_1, with_scales);
    f(Role::input, op.weight_2, with_scales), f(Role::output, op.sum);
    f(Role::output, op.y_0), f(Role::output, op.y_1), f(Role::output, op.y_2);
  }

  NormQkvParams params() const {
    const auto rows = [](const Weight& w) { return w.data ? u32(w.rows) : 0u; };
    const auto group = [](const Weight& w) { return w.data ? u32(std::min(w.group_size, w.row_stride)) : 1u; };
    return {.n_rows = u32(x.shape[0]),
            .dim = u32(x.shape[1]),
            .padded_cols = u32(weight_0.row_stride),
            .eps = eps,
            .with_branch = branch ? 1u : 0u,
            .with_norm = norm ? 1u : 0u,
            .out_0 = rows(weight_0),
            .out_1 = rows(weight_1),
            .out_2 = rows(weight_2),
            .group_0 = group(weight_0),
            .group_1 = group(weight_1),
            .group_2 = group(weight_2),
            .groups_0 = u32(weight_0.groups_per_row()),
            .groups_1 = u32(weight_1.groups_per_row()),
            .groups_2 = u32(weight_2.groups_per_row())};
  }

  Status check() const {
    Checker c(kName);
    c.f32_of_rank("x", x, 2);
    if (!c.ok()) return c.status();
    if (branch) c.f32("branch", branch, x.shape).f32("sum", sum, x.shape);
    if (norm) c.f32("norm", norm, {x.shape[1]});
    c.that(weight_1.data || !weight_2.data, "the second weight is missing");
    const auto product = [&](const Weight& w, const Tensor& y) {
      c.weight(w, WeightKind::ternary)
          .that(w.n_matrices == 1 && w.cols == x.shape[1], "a weight must have dim columns");
      c.product(w, x.shape[0], {}, y);
    };
    product(weight_0, y_0);
    if (weight_1.data) product(weight_1, y_1);
    if (weight_2.data) product(weight_2, y_2);
    return c.status();
  }
};

}  // namespace tritium
