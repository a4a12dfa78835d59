#pragma once

#include "ops/op.h"
#include "shaders/params/previous_rows_backward.h"

namespace tritium {

namespace cpu_ref {
void previous_rows_backward(const PreviousRowsBackwardParams& p, std::span<const float> dy,
                            std::span<const int32_t> rows, std::span<float> dx);
}

// Of PreviousRows without a cache: dx[t] = dy[t + 1] where that is the token after t in its sequence, else 0.
struct PreviousRowsBackward {
  static constexpr std::string_view kName = "previous_rows_backward";
  static constexpr double kTolerance = kOneRounding;
  static constexpr auto reference = cpu_ref::previous_rows_backward;
  Tensor dy;                // f32 [T, dim]
  Tensor rows;              // i32 [T, 2] (op.h)
  Tensor dx;                // f32 [T, dim]
  bool accumulate = false;  // into dx

  static void visit(auto& op, auto&& f) {
    f(Role::input, op.dy), f(Role::input, op.rows), f(role_of_sum(op.accumulate), op.dx);
  }

  PreviousRowsBackwardParams params() const {
    return {.n_tokens = u32(dy.shape[0]), .dim = u32(dy.shape[1]), .accumulate = accumulate ? 1u : 0u};
  }

  Status check() const {
    Checker c(kName);
    c.f32_of_rank("dy", dy, 2);
    if (!c.ok()) return c.status();
    return c.tensor("rows", rows, DType::i32, {dy.shape[0], 2}).f32("dx", dx, dy.shape).status();
  }
};

}  // namespace tritium
