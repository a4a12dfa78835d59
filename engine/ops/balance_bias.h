#pragma once

#include "ops/op.h"
#include "shaders/params/balance_bias.h"

namespace tritium {

namespace cpu_ref {
void balance_bias(const BalanceBiasParams& p, std::span<const float> load, std::span<float> bias);
}

// bias_e += rate sign(1 / n - load_e): the router prefers experts that had less than their share, without a loss
// (Wang et al. 2024, "Auxiliary-Loss-Free Load Balancing Strategy for Mixture-of-Experts").
struct BalanceBias {
  static constexpr std::string_view kName = "balance_bias";
  static constexpr double kTolerance = kOneRounding;
  static constexpr auto reference = cpu_ref::balance_bias;
  Tensor load;  // f32 [n], parts of 1 (ops/expert_load.h)
  Tensor bias;  // f32 [n], +=
  float rate = 1e-3f;

  static void visit(auto& op, auto&& f) { f(Role::input, op.load), f(Role::in_out, op.bias); }

  BalanceBiasParams params() const { return {.n_experts = u32(load.elements()), .rate = rate}; }

  Status check() const {
    Checker c(kName);
    c.f32_of_rank("load", load, 1);
    if (!c.ok()) return c.status();
    return c.f32("bias", bias, load.shape).that(rate >= 0.0f, "the rate must not be negative").status();
  }
};

}  // namespace tritium
