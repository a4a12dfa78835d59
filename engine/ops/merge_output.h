#pragma once

#include "ops/op.h"
#include "shaders/params/merge_output.h"

namespace tritium {

// What merge_splits, rms_norm, quantize_activations and ternary_matmul give, as one operation: attention's result
// through its output projection.
//   y = W q(norm(x)), x the merged parts; without a norm W q(x)
struct MergeOutput {
  static constexpr std::string_view kName = "merge_output";
  static constexpr double kTolerance = kOneCode;
  static constexpr bool kComposed = true;  // ops/compose.h
  Tensor parts;                            // f32 [n_heads, n_splits, value_dim + 2] (attention_step.h)
  Tensor norm{};                           // f32 [n_heads * value_dim], or none
  Weight weight;                           // trit2 (1, rows, n_heads * value_dim)
  Tensor y;                                // f32 [1, rows]
  float eps = 1e-5f;

  static void visit(auto& op, auto&& f) {
    f(Role::input, op.parts), f(Role::input, op.norm), f(Role::input, op.weight, with_scales), f(Role::output, op.y);
  }

  MergeOutputParams params() const {
    return {.splits = {.n_heads = u32(parts.shape[0]),
                       .n_splits = u32(parts.shape[1]),
                       .value_dim = u32(parts.shape[2] - 2)},
            .padded_cols = u32(weight.row_stride),
            .out_features = u32(weight.rows),
            .group_size = u32(weight.group_size),
            .n_groups = u32(weight.groups_per_row()),
            .with_norm = norm ? 1u : 0u,
            .eps = eps};
  }

  Status check() const {
    Checker c(kName);
    c.f32_of_rank("parts", parts, 3).weight(weight, WeightKind::ternary);
    if (!c.ok()) return c.status();
    const int64_t cols = parts.shape[0] * (parts.shape[2] - 2);
    if (norm) c.f32("norm", norm, {cols});
    return c.that(weight.n_matrices == 1 && weight.cols == cols, "the weight must have a column for each merged value")
        .product(weight, 1, {}, y)
        .status();
  }
};

}  // namespace tritium
