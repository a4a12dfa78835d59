#pragma once

#include "ops/op.h"
#include "shaders/params/combine_experts_backward.h"

namespace tritium {

namespace cpu_ref {
void combine_experts_backward(const CombineExpertsBackwardParams& p, std::span<const float> x,
                              std::span<const float> weights, std::span<const float> dy, std::span<float> dx,
                              std::span<float> dweights);
}

// dx[t * k + s] = weights[t, s] dy[t],   dweights[t, s] = <dy[t], x[t * k + s]>
struct CombineExpertsBackward {
  static constexpr std::string_view kName = "combine_experts_backward";
  static constexpr double kTolerance = kShortSum;
  static constexpr auto reference = cpu_ref::combine_experts_backward;
  Tensor x;        // f32 [T * k, dim]
  Tensor weights;  // f32 [T, k]
  Tensor dy;       // f32 [T, dim]
  Tensor dx;       // f32 [T * k, dim]
  Tensor dweights;

  static void visit(auto& op, auto&& f) {
    for (auto* t : {&op.x, &op.weights, &op.dy}) f(Role::input, *t);
    for (auto* t : {&op.dx, &op.dweights}) f(Role::output, *t);
  }

  CombineExpertsBackwardParams params() const {
    return {.n_tokens = u32(dy.shape[0]), .top_k = u32(weights.shape[1]), .dim = u32(dy.shape[1])};
  }

  Status check() const {
    Checker c(kName);
    c.f32_of_rank("weights", weights, 2), c.f32_of_rank("dy", dy, 2);
    if (!c.ok()) return c.status();
    c.that(weights.shape[0] == dy.shape[0], "weights and dy must have the same tokens");
    c.f32("x", x, {weights.elements(), dy.shape[1]}), c.f32("dx", dx, x.shape);
    return c.f32("dweights", dweights, weights.shape).status();
  }
};

}  // namespace tritium
