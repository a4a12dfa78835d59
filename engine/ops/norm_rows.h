#pragma once

#include "ops/op.h"
#include "ops/rms_norm.h"
#include "shaders/params/norm_rows.h"

namespace tritium {

// What add, rms_norm and quantize_activations (a scale a row) give, as one operation: what stands before a product that
// is none of this operation's, such as the head's, or those of a prompt.
//   sum = x + branch;  y = norm(sum);  q, scales: the int8 codes of y
struct NormRows {
  static constexpr std::string_view kName = "norm_rows";
  static constexpr bool kComposed = true;  // ops/compose.h
  Tensor x;                                // f32 [R, dim]
  Tensor branch{};                         // f32 [R, dim], or none
  Tensor norm;                             // f32 [dim]
  Tensor sum{};                            // f32 [R, dim], where there is a branch
  Tensor y{};                              // f32 [R, dim], or none
  Tensor q{};                              // i8 [R, padded_cols], or none
  Tensor scales{};                         // f32 [R, 1], with q
  float eps = 1e-5f;

  static constexpr double tolerance(DType dtype, Role) {
    return dtype == DType::i8 ? 1.0 / 127.0 : RmsNorm::kTolerance;
  }

  static void visit(auto& op, auto&& f) {
    f(Role::input, op.x), f(Role::input, op.branch), f(Role::input, op.norm);
    f(Role::output, op.sum), f(Role::output, op.y), f(Role::output, op.q), f(Role::output, op.scales);
  }

  NormRowsParams params() const {
    return {.n_rows = u32(x.shape[0]),
            .dim = u32(x.shape[1]),
            .padded_cols = q ? u32(q.shape[1]) : 0u,
            .eps = eps,
            .with_branch = branch ? 1u : 0u,
            .with_floats = y ? 1u : 0u,
            .with_codes = q ? 1u : 0u};
  }

  Status check() const {
    Checker c(kName);
    c.f32_of_rank("x", x, 2);
    if (!c.ok()) return c.status();
    const int64_t rows = x.shape[0], dim = x.shape[1];
    c.f32("norm", norm, {dim}).that(y || q, "a result is needed: y, or q");
    if (branch) c.f32("branch", branch, x.shape).f32("sum", sum, x.shape);
    if (y) c.f32("y", y, x.shape);
    if (q)
      c.tensor("q", q, DType::i8, {rows, round_up(dim, TernaryMatrix::kRowAlign)}).f32("scales", scales, {rows, 1});
    return c.status();
  }
};

}  // namespace tritium
