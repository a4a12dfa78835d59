#pragma once

#include "ops/step_values.h"
#include "shaders/params/kl_divergence.h"

namespace tritium {

namespace cpu_ref {
void kl_divergence(const KlDivergenceParams& p, std::span<const float> logits, std::span<const float> teacher,
                   std::span<const int32_t> targets, std::span<float> losses, std::span<float> dlogits);
}

// With p = softmax(teacher / T), q = softmax(logits / T), T the temperature (Hinton et al. 2015, section 2):
//   losses[r] = T^2 sum over j of p_j log(p_j / q_j) in nats (the factor keeps gradients comparable over temperatures),
//   dlogits += scale T (q - p), the derivative of scale * losses[r];   rows with target -1 have loss and gradient 0.
struct KlDivergence {
  static constexpr std::string_view kName = "kl_divergence";
  // p as of a softmax. A part of the divergence D is p d^2 / 2 where d = log(p / q) is small, so an error of d counts
  // d p / D, in all at most sqrt(2 / D) of it: 5.7 of a loss of a nat at T = 4. d is u - v and what all words share; u
  // and v are quotients by T, about 1 each.
  static constexpr double kTolerance = softmax_error(kWords) + 5.7 * (2 * (kDivision + kRounding) + kRounding);
  static constexpr auto reference = cpu_ref::kl_divergence;
  Tensor logits;   // f32 [R, vocab]
  Tensor teacher;  // f32 [R, vocab]
  Tensor targets;  // i32 [R], -1: not scored
  Tensor losses;   // f32 [R]
  Tensor dlogits;  // f32 [R, vocab], +=, or none: only the losses
  float temperature = 2.0f;
  float scale = 1.0f;
  Tensor now;  // StepValues (check_step), or none

  static void visit(auto& op, auto&& f) {
    for (auto* t : {&op.logits, &op.teacher, &op.targets}) f(Role::input, *t);
    f(Role::output, op.losses), f(Role::in_out, op.dlogits), f(Role::input, op.now, of_the_step);
  }

  KlDivergenceParams params() const {
    return {.n_rows = u32(logits.shape[0]),
            .vocab_size = u32(logits.shape[1]),
            .temperature = temperature,
            .scale = scale,
            .with_gradient = dlogits ? 1u : 0u};
  }

  Status check() const {
    Checker c(kName);
    check_step(c.f32_of_rank("logits", logits, 2), now);
    if (!c.ok()) return c.status();
    c.f32("teacher", teacher, logits.shape);
    c.tensor("targets", targets, DType::i32, {logits.shape[0]});
    c.f32("losses", losses, {logits.shape[0]});
    c.that(temperature > 0.0f && std::isfinite(temperature), "temperature must be above 0");
    return (dlogits ? c.f32("dlogits", dlogits, logits.shape) : c).status();
  }
};

}  // namespace tritium
