#pragma once

#include "ops/op.h"
#include "shaders/params/ternary_matmul.h"

namespace tritium {

namespace cpu_ref {
void ternary_matmul(const TernaryMatmulParams& p, std::span<const int8_t> q, std::span<const float> scales,
                    std::span<const uint32_t> words, std::span<const float> weight_scales,
                    std::span<const int32_t> expert_ids, std::span<float> y);
}

// Int8 activations times trits. With segments = the finer of activation blocks and weight groups, in ascending order:
//   y[r, n] = sum over segments (w_scale * x_scale) * float(sum over the segment of trit * q)
// The inner sums are integers and the outer one is a plain float loop without contraction: bit-identical everywhere.
// Experts: with expert_ids [T, k], R = T * k, output row r uses matrix expert_ids[r] and input row r (x has R rows)
// or r / k (x has T rows). A negative or out-of-range id gives a row of zeros.
struct TernaryMatmul {
  static constexpr std::string_view kName = "ternary_matmul";
  static constexpr double kTolerance = kExact;
  static constexpr auto reference = cpu_ref::ternary_matmul;
  Tensor q;           // i8 [X, padded_cols]
  Tensor scales;      // f32 [X, n_blocks]
  Weight weight;      // trit2 (n_matrices, rows, cols)
  Tensor expert_ids;  // i32 [T, k], or none: matrix 0 for all, R == X
  Tensor y;           // f32 [R, rows]

  static void visit(auto& op, auto&& f) {
    f(Role::input, op.q), f(Role::input, op.scales), f(Role::input, op.weight, with_scales);
    f(Role::input, op.expert_ids), f(Role::output, op.y);
  }

  TernaryMatmulParams params() const {
    const int64_t padded = weight.row_stride;
    return {.n_rows = u32(y.shape[0]),
            .out_features = u32(weight.rows),
            .padded_cols = u32(padded),
            .group_size = u32(weight.group_size),
            .n_groups = u32(weight.groups_per_row()),
            .block = u32(scales.shape[1] == 1 ? padded : padded / scales.shape[1]),
            .n_blocks = u32(scales.shape[1]),
            .rows_per_x = u32(y.shape[0] / q.shape[0]),
            .n_matrices = u32(weight.n_matrices),
            .routed = expert_ids ? 1u : 0u,
            .first_weight_row = 0,
            .n_weight_rows = u32(weight.n_matrices * weight.rows)};
  }

  Status check() const {
    Checker c(kName);
    c.weight(weight, WeightKind::ternary).rank("q", q, 2).rank("scales", scales, 2).rank("expert_ids", expert_ids, 2);
    if (!c.ok() || !q || !scales) return c.that(q && scales, "q and scales are needed").status();
    const int64_t blocks = scales.shape[1];
    return c.tensor("q", q, DType::i8, {q.shape[0], weight.row_stride})
        .f32("scales", scales, {q.shape[0], blocks})
        .that(blocks == 1 || blocks == weight.row_stride / 256, "one scale a token or one a block of 256")
        .product(weight, q.shape[0], expert_ids, y)
        .status();
  }
};

}  // namespace tritium
