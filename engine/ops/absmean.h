#pragma once

#include "ops/op.h"
#include "shaders/params/absmean.h"

namespace tritium {

namespace cpu_ref {
void absmean(const AbsmeanParams& p, std::span<const float> sums, std::span<float> alpha);
}

// alpha[first + g] = a, the sum of the g-th of n_groups equal, consecutive parts of `sums`, times factor (1 / number of
// weights). With momentum: momentum alpha + (1 - momentum) a (the running average; an alpha of 0 is not averaged with).
// round_to_f16: to what files store, so that training multiplies with what is deployed.
struct Absmean {
  static constexpr std::string_view kName = "absmean";
  static constexpr double kTolerance = kLongSum;
  static constexpr auto reference = cpu_ref::absmean;
  Tensor sums;   // f32 [n], n a multiple of n_groups
  Tensor alpha;  // f32 [m], m >= first + n_groups
  int64_t first = 0;
  int64_t n_groups = 1;
  float factor = 1.0f;
  float momentum = 0.0f;
  bool round_to_f16 = false;

  static void visit(auto& op, auto&& f) { f(Role::input, op.sums), f(Role::in_out, op.alpha); }

  AbsmeanParams params() const {
    return {.n_sums = u32(sums.elements()),
            .n_groups = u32(n_groups),
            .first = u32(first),
            .factor = factor,
            .momentum = momentum,
            .round_to_f16 = round_to_f16 ? 1u : 0u};
  }

  Status check() const {
    Checker c(kName);
    c.f32_of_rank("sums", sums, 1), c.f32_of_rank("alpha", alpha, 1);
    if (!c.ok()) return c.status();
    return c.that(n_groups >= 1 && sums.elements() % n_groups == 0, "groups must be equal parts of the sums")
        .that(first >= 0 && first + n_groups <= alpha.elements(), "groups lie beyond alpha")
        .status();
  }
};

}  // namespace tritium
