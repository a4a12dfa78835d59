#pragma once

#include "ops/op.h"
#include "shaders/params/sum_squares.h"

namespace tritium {

namespace cpu_ref {
void sum_squares(const SumSquaresParams& p, std::span<const float> x, std::span<float> sums);
}

// sums[index] = sum of x^2
struct SumSquares {
  static constexpr std::string_view kName = "sum_squares";
  static constexpr double kTolerance = kLongSum;
  static constexpr auto reference = cpu_ref::sum_squares;
  Tensor x;     // f32, any shape
  Tensor sums;  // f32 [n]
  int64_t index = 0;

  static void visit(auto& op, auto&& f) { f(Role::input, op.x), f(Role::in_out, op.sums); }

  SumSquaresParams params() const { return {.n_values = u32(x.elements()), .index = u32(index)}; }

  Status check() const {
    Checker c(kName);
    c.f32_of_rank("x", x, x.shape.rank()), c.f32_of_rank("sums", sums, 1);
    if (!c.ok()) return c.status();
    return c.that(index >= 0 && index < sums.elements(), "the index lies beyond the sums").status();
  }
};

}  // namespace tritium
