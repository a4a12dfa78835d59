#pragma once

#include "ops/op.h"
#include "shaders/params/dense_matmul_backward.h"

namespace tritium {

namespace cpu_ref {
void dense_matmul_backward(const DenseMatmulBackwardParams& p, std::span<const float> dy,
                           std::span<const std::byte> weight, std::span<const int32_t> expert_ids, std::span<float> dx);
}

// The same with dense weights.
struct DenseMatmulBackward {
  static constexpr std::string_view kName = "dense_matmul_backward";
  static constexpr double kTolerance = kLongSum;
  static constexpr auto reference = cpu_ref::dense_matmul_backward;
  Tensor dy;      // f32 [R, rows]
  Weight weight;  // f32, f16 or bf16
  Tensor expert_ids;
  Tensor dx;  // f32 [X, cols]
  bool accumulate = false;

  static void visit(auto& op, auto&& f) {
    f(Role::input, op.dy), f(Role::input, op.weight), f(Role::input, op.expert_ids);
    f(role_of_sum(op.accumulate), op.dx);
  }

  DenseMatmulBackwardParams params() const {
    return {.n_rows = u32(dy.shape[0]),
            .out_features = u32(weight.rows),
            .cols = u32(weight.cols),
            .row_stride = u32(weight.row_stride),
            .dtype = static_cast<uint32_t>(weight.dtype),
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
    c.weight(weight, WeightKind::dense)
        .rank("expert_ids", expert_ids, 2)
        .f32_of_rank("dy", dy, 2)
        .f32_of_rank("dx", dx, 2);
    if (!c.ok()) return c.status();
    c.f32("dx", dx, {dx.shape[0], weight.cols});
    return c.product(weight, dx.shape[0], expert_ids, dy).status();
  }
};

}  // namespace tritium
