#pragma once

#include "ops/op.h"
#include "shaders/params/packed_matmul.h"

namespace tritium {

namespace cpu_ref {
void packed_matmul(const PackedMatmulParams& p, std::span<const int8_t> q, std::span<const float> scales,
                   std::span<const uint32_t> words, std::span<const uint32_t> weight_scales,
                   std::span<const int32_t> expert_ids, std::span<float> y);
}

// Int8 activations times integers in blocks (Q8_0, Q4_0, Q4_K, Q6_K). With the integers w = code - bias, over blocks in
// ascending order from 0:
//   q8_0, q4_0  y += (d * x_scale) * float(sum over 32 columns of w q)
//   q6_k        y += (d * x_scale) * float(sum over 256 columns of scale w q), a scale for 16 columns
//   q4_k        the same with a scale for 32 columns, less the like sum of (dmin * x_scale) * float(sum of minimum q)
// The inner sums are integers and the outer ones plain float loops: bit-identical everywhere. expert_ids as in
// TernaryMatmul.
struct PackedMatmul {
  static constexpr std::string_view kName = "packed_matmul";
  static constexpr double kTolerance = kExact;
  static constexpr auto reference = cpu_ref::packed_matmul;
  Tensor q;           // i8 [X, padded_cols], -127 … 127
  Tensor scales;      // f32 [X, n_blocks]
  Weight weight;      // packed (n_matrices, rows, cols)
  Tensor expert_ids;  // i32 [T, k], or none
  Tensor y;           // f32 [R, rows]

  static void visit(auto& op, auto&& f) {
    f(Role::input, op.q), f(Role::input, op.scales), f(Role::input, op.weight, with_scales);
    f(Role::input, op.expert_ids), f(Role::output, op.y);
  }

  PackedMatmulParams params() const {
    return {.n_rows = u32(y.shape[0]),
            .out_features = u32(weight.rows),
            .padded_cols = u32(weight.row_stride),
            .dtype = static_cast<uint32_t>(weight.dtype),
            .n_blocks = u32(scales.shape[1]),
            .rows_per_x = u32(y.shape[0] / q.shape[0]),
            .n_matrices = u32(weight.n_matrices),
            .routed = expert_ids ? 1u : 0u,
            .first_weight_row = 0,
            .n_weight_rows = u32(weight.n_matrices * weight.rows)};
  }

  Status check() const {
    Checker c(kName);
    c.weight(weight, WeightKind::packed);
    c.rank("q", q, 2).rank("scales", scales, 2).rank("expert_ids", expert_ids, 2);
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
