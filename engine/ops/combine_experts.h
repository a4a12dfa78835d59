#pragma once

#include "ops/op.h"
#include "shaders/params/combine_experts.h"

namespace tritium {

namespace cpu_ref {
void combine_experts(const CombineExpertsParams& p, std::span<const float> x, std::span<const float> weights,
                     std::span<float> y);
}

// y[t] = sum over slots, in order, weights[t, s] * x[t * k + s]
struct CombineExperts {
  static constexpr std::string_view kName = "combine_experts";
  static constexpr double kTolerance = kShortSum;
  static constexpr auto reference = cpu_ref::combine_experts;
  Tensor x;        // f32 [T * k, dim]
  Tensor weights;  // f32 [T, k]
  Tensor y;        // f32 [T, dim]

  static void visit(auto& op, auto&& f) { f(Role::input, op.x), f(Role::input, op.weights), f(Role::output, op.y); }

  CombineExpertsParams params() const {
    return {.n_tokens = u32(y.shape[0]), .top_k = u32(weights.shape[1]), .dim = u32(y.shape[1])};
  }

  Status check() const {
    Checker c(kName);
    c.rank("weights", weights, 2).rank("y", y, 2).f32("weights", weights, weights.shape);
    c.f32("y", y, y.shape);
    if (!c.ok()) return c.status();
    return c.that(weights.shape[0] == y.shape[0], "weights and y must have the same tokens")
        .f32("x", x, {weights.elements(), y.shape[1]})
        .status();
  }
};

}  // namespace tritium
