#pragma once

#include "ops/op.h"
#include "shaders/params/ternary_matmul_backward.h"

namespace tritium {

namespace cpu_ref {
void ternary_matmul_backward(const TernaryMatmulBackwardParams& p, std::span<const float> dy,
                             std::span<const uint32_t> words, std::span<const float> weight_scales,
                             std::span<const int32_t> expert_ids, std::span<float> dx);
}

// dx[x] = sum over the rows r of y made from row x, ascending, of W^T dy[r], with W the quantised weights (scale times
// trit) of the matrix that row r uses: the gradient of the input goes through what the forward pass multiplied with.
// Rows and expert_ids as in TernaryMatmul.
struct TernaryMatmulBackward {
  static constexpr std::string_view kName = "ternary_matmul_backward";
  static constexpr double kTolerance = kLongSum;
  static constexpr auto reference = cpu_ref::ternary_matmul_backward;
  Tensor dy;      // f32 [R, rows]
  Weight weight;  // trit2
  Tensor expert_ids;
  Tensor dx;  // f32 [X, cols]
  bool accumulate = false;

  static void visit(auto& op, auto&& f) {
    f(Role::input, op.dy), f(Role::input, op.weight, with_scales), f(Role::input, op.expert_ids);
    f(role_of_sum(op.accumulate), op.dx);
  }

  TernaryMatmulBackwardParams params() const {
    return {.n_rows = u32(dy.shape[0]),
            .out_features = u32(weight.rows),
            .cols = u32(weight.cols),
            .padded_cols = u32(weight.row_stride),
            .group_size = u32(weight.group_size),
            .n_groups = u32(weight.groups_per_row()),
            .rows_per_x = u32(dy.shape[0] / dx.shape[0]),
            .n_matrices = u32(weight.n_matrices),
            .routed = expert_ids ? 1u : 0u,
            .accumulate = accumulate ? 1u : 0u,
            .slot = 0,
            .first_weight_row = 0,
            .n_weight_rows = u32(rows_of(weight))};
  }

  Status check() const {
    Checker c(kName);
    c.weight(weight, WeightKind::ternary)
        .rank("expert_ids", expert_ids, 2)
        .f32_of_rank("dy", dy, 2)
        .f32_of_rank("dx", dx, 2);
    if (!c.ok()) return c.status();
    c.f32("dx", dx, {dx.shape[0], weight.cols});
    return c.product(weight, dx.shape[0], expert_ids, dy).status();
  }
};

}  // namespace tritium
