#pragma once

#include "ops/op.h"
#include "shaders/params/packed_matmul_f32.h"

namespace tritium {

namespace cpu_ref {
void packed_matmul_f32(const PackedMatmulF32Params& p, std::span<const float> x, std::span<const uint32_t> words,
                       std::span<const uint32_t> weight_scales, std::span<const int32_t> expert_ids,
                       std::span<float> y);
}

// y = x W^T with the values of integers in blocks, f32 accumulation. Same use of expert_ids.
struct PackedMatmulF32 {
  static constexpr std::string_view kName = "packed_matmul_f32";
  static constexpr double kTolerance = kLongSum;
  static constexpr auto reference = cpu_ref::packed_matmul_f32;
  Tensor x;       // f32 [X, cols]
  Weight weight;  // packed
  Tensor expert_ids;
  Tensor y;  // f32 [R, rows]

  static void visit(auto& op, auto&& f) {
    f(Role::input, op.x), f(Role::input, op.weight, with_scales), f(Role::input, op.expert_ids);
    f(Role::output, op.y);
  }

  PackedMatmulF32Params params() const {
    return {.n_rows = u32(y.shape[0]),
            .out_features = u32(weight.rows),
            .cols = u32(weight.cols),
            .padded_cols = u32(weight.row_stride),
            .dtype = static_cast<uint32_t>(weight.dtype),
            .rows_per_x = u32(y.shape[0] / x.shape[0]),
            .n_matrices = u32(weight.n_matrices),
            .routed = expert_ids ? 1u : 0u,
            .first_weight_row = 0,
            .n_weight_rows = u32(weight.n_matrices * weight.rows)};
  }

  Status check() const {
    Checker c(kName);
    c.weight(weight, WeightKind::packed).rank("x", x, 2).rank("expert_ids", expert_ids, 2);
    if (!c.ok() || !x) return c.that(static_cast<bool>(x), "x is needed").status();
    return c.f32("x", x, {x.shape[0], weight.cols}).product(weight, x.shape[0], expert_ids, y).status();
  }
};

}  // namespace tritium
