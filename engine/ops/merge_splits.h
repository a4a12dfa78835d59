#pragma once

#include "ops/op.h"
#include "shaders/params/merge_splits.h"

namespace tritium {

namespace cpu_ref {
void merge_splits(const MergeSplitsParams& p, std::span<const float> parts, std::span<float> y);
}

// With m the largest score of a head's parts and w_s = exp(score_s - m):
//   y = sum over s, in order, w_s values_s / sum over s of w_s sum_s
struct MergeSplits {
  static constexpr std::string_view kName = "merge_splits";
  // As of attention, which is merged so.
  static constexpr double kTolerance = softmax_error(kWords);
  static constexpr auto reference = cpu_ref::merge_splits;
  Tensor parts;  // f32 [n_heads, n_splits, value_dim + 2] (attention_step.h)
  Tensor y;      // f32 [1, n_heads, value_dim]

  static void visit(auto& op, auto&& f) { f(Role::input, op.parts), f(Role::output, op.y); }

  MergeSplitsParams params() const {
    return {.n_heads = u32(parts.shape[0]), .n_splits = u32(parts.shape[1]), .value_dim = u32(parts.shape[2] - 2)};
  }

  Status check() const {
    Checker c(kName);
    c.f32_of_rank("parts", parts, 3);
    if (!c.ok()) return c.status();
    return c.that(parts.shape[2] > 2, "parts have no values")
        .f32("y", y, {1, parts.shape[0], parts.shape[2] - 2})
        .status();
  }
};

}  // namespace tritium
