#pragma once

#include "ops/op.h"
#include "shaders/params/weight_gradient.h"

namespace tritium {

namespace cpu_ref {
void weight_gradient(const WeightGradientParams& p, std::span<const float> x, std::span<const int8_t> q,
                     std::span<const float> scales, std::span<const float> dy, std::span<const int32_t> expert_ids,
                     std::span<float> dw);
}

// dw[m] += sum over rows r that use matrix m, ascending, of dy[r]^T x[row of r]. Straight-through: this is the gradient
// of the shadow weights. x is what the forward pass multiplied with: floats, or int8 codes times their scales. Rows
// that use a matrix which dw does not have add nothing: the first ones of a stack can train alone.
struct WeightGradient {
  static constexpr std::string_view kName = "weight_gradient";
  static constexpr double kTolerance = kLongSum;
  static constexpr auto reference = cpu_ref::weight_gradient;
  Tensor x;           // f32 [X, cols], or none: then
  Tensor q;           // i8 [X, padded_cols] and
  Tensor scales;      // f32 [X, n_blocks] of quantize_activations
  Tensor dy;          // f32 [R, rows]
  Tensor expert_ids;  // i32 [T, k], or none: matrix 0 for all, R == X
  Tensor dw;          // f32 [n_matrices, rows, cols], +=

  static void visit(auto& op, auto&& f) {
    for (auto* t : {&op.x, &op.q, &op.scales}) f(Role::input, *t);
    f(Role::input, op.dy), f(Role::input, op.expert_ids), f(Role::in_out, op.dw);
  }

  WeightGradientParams params() const {
    const int64_t x_rows = x ? x.shape[0] : q.shape[0];
    const int64_t padded = x ? 0 : q.shape[1];
    const int64_t n_blocks = x ? 1 : scales.shape[1];
    return {.n_rows = u32(dy.shape[0]),
            .out_features = u32(dw.shape[1]),
            .cols = u32(dw.shape[2]),
            .quantized = x ? 0u : 1u,
            .padded_cols = u32(padded),
            .block = u32(padded / n_blocks),
            .n_blocks = u32(n_blocks),
            .rows_per_x = u32(dy.shape[0] / x_rows),
            .n_matrices = u32(dw.shape[0]),
            .routed = expert_ids ? 1u : 0u};
  }

  Status check() const {
    Checker c(kName);
    c.f32_of_rank("dw", dw, 3), c.f32_of_rank("dy", dy, 2);
    c.rank("x", x, 2).rank("q", q, 2).rank("scales", scales, 2).rank("expert_ids", expert_ids, 2);
    c.that(static_cast<bool>(x) != (q && scales), "either x, or q and scales are needed");
    if (!c.ok()) return c.status();
    const int64_t x_rows = x ? x.shape[0] : q.shape[0];
    const int64_t cols = dw.shape[2];
    if (x) {
      c.f32("x", x, {x_rows, cols});
    } else {
      const int64_t padded = round_up(cols, 256);
      c.tensor("q", q, DType::i8, {x_rows, padded});
      c.f32("scales", scales, {x_rows, scales.shape[1]});
      c.that(scales.shape[1] == 1 || scales.shape[1] == padded / 256, "one scale a token or one a block of 256");
    }
    if (!expert_ids) return c.that(dy.shape[0] == x_rows && dy.shape[1] == dw.shape[1], "dy must fit").status();
    return c.tensor("expert_ids", expert_ids, DType::i32, {expert_ids.shape[0], expert_ids.shape[1]})
        .that(dy.shape[0] == expert_ids.elements() && dy.shape[1] == dw.shape[1], "dy must have a row a slot")
        .that(x_rows == dy.shape[0] || x_rows == expert_ids.shape[0], "x must have a row for each token or slot")
        .status();
  }
};

}  // namespace tritium
