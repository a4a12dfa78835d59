#pragma once

#include "ops/op.h"
#include "shaders/params/norm_router.h"

namespace tritium {

// What add, rms_norm, quantize_activations (a scale a row) and the dense_matmul of a router give, as one operation.
//   sum = x + branch;  h = norm(sum);  logits = W h;  q, scales: the int8 codes of h
struct NormRouter {
  static constexpr std::string_view kName = "norm_router";
  static constexpr bool kComposed = true;  // ops/compose.h
  Tensor x;                                // f32 [R, dim]
  Tensor branch{};                         // f32 [R, dim], or none
  Tensor norm;                             // f32 [dim]
  Weight router;                           // f32, f16 or bf16 (1, n_experts, dim)
  Tensor sum{};                            // f32 [R, dim], where there is a branch
  Tensor q;                                // i8 [R, padded_cols]
  Tensor scales;                           // f32 [R, 1]
  Tensor logits;                           // f32 [R, n_experts]
  float eps = 1e-5f;

  static constexpr double tolerance(DType dtype, Role) { return dtype == DType::i8 ? 1.0 / 127.0 : kLongSum; }

  static void visit(auto& op, auto&& f) {
    f(Role::input, op.x), f(Role::input, op.branch), f(Role::input, op.norm), f(Role::input, op.router);
    f(Role::output, op.sum), f(Role::output, op.q), f(Role::output, op.scales), f(Role::output, op.logits);
  }

  NormRouterParams params() const {
    return {.n_rows = u32(x.shape[0]),
            .dim = u32(x.shape[1]),
            .padded_cols = u32(q.shape[1]),
            .n_experts = u32(router.rows),
            .row_stride = u32(router.row_stride),
            .dtype = static_cast<uint32_t>(router.dtype),
            .eps = eps,
            .with_branch = branch ? 1u : 0u};
  }

  Status check() const {
    Checker c(kName);
    c.f32_of_rank("x", x, 2).weight(router, WeightKind::dense);
    if (!c.ok()) return c.status();
    const int64_t rows = x.shape[0], dim = x.shape[1];
    if (branch) c.f32("branch", branch, x.shape).f32("sum", sum, x.shape);
    return c.f32("norm", norm, {dim})
        .that(router.n_matrices == 1 && router.cols == dim, "the router must have dim columns")
        .tensor("q", q, DType::i8, {rows, round_up(dim, TernaryMatrix::kRowAlign)})
        .f32("scales", scales, {rows, 1})
        .f32("logits", logits, {rows, router.rows})
        .status();
  }
};

}  // namespace tritium
