#pragma once

#include "ops/op.h"
#include "shaders/params/dense_matmul.h"

namespace tritium {

namespace cpu_ref {
void dense_matmul(const DenseMatmulParams& p, std::span<const float> x, std::span<const std::byte> weight,
                  std::span<const int32_t> expert_ids, std::span<float> y);
}

// y = x W^T with dense weights, f32 accumulation. Same use of expert_ids.
struct DenseMatmul {
  static constexpr std::string_view kName = "dense_matmul";
  static constexpr double kTolerance = kLongSum;
  static constexpr auto reference = cpu_ref::dense_matmul;
  Tensor x;       // f32 [X, cols]
  Weight weight;  // f32, f16 or bf16
  Tensor expert_ids;
  Tensor y;  // f32 [R, rows]
  // Of a CPU: whether the order of sums may depend on how many rows are computed together. Training's may; in inference
  // a token's values are the same to the bit alone, in a prompt and among guesses.
  bool single_precision = false;

  static void visit(auto& op, auto&& f) {
    f(Role::input, op.x), f(Role::input, op.weight), f(Role::input, op.expert_ids), f(Role::output, op.y);
  }

  DenseMatmulParams params() const {
    return {.n_rows = u32(y.shape[0]),
            .out_features = u32(weight.rows),
            .cols = u32(weight.cols),
            .row_stride = u32(weight.row_stride),
            .dtype = static_cast<uint32_t>(weight.dtype),
            .rows_per_x = u32(y.shape[0] / x.shape[0]),
            .n_matrices = u32(weight.n_matrices),
            .routed = expert_ids ? 1u : 0u,
            .first_weight_row = 0,
            .n_weight_rows = u32(weight.n_matrices * weight.rows)};
  }

  Status check() const {
    Checker c(kName);
    c.weight(weight, WeightKind::dense).rank("x", x, 2).rank("expert_ids", expert_ids, 2);
    if (!c.ok() || !x) return c.that(static_cast<bool>(x), "x is needed").status();
    return c.f32("x", x, {x.shape[0], weight.cols}).product(weight, x.shape[0], expert_ids, y).status();
  }
};

}  // namespace tritium
