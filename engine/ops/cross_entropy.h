#pragma once

#include "ops/step_values.h"
#include "shaders/params/cross_entropy.h"

namespace tritium {

namespace cpu_ref {
void cross_entropy(const CrossEntropyParams& p, std::span<const float> logits, std::span<const int32_t> targets,
                   std::span<float> losses, std::span<float> dlogits);
}

// losses[r] = logsumexp(logits[r]) - logits[r, targets[r]] in nats, dlogits = scale (softmax(logits) - onehot(target));
// rows with target -1 have loss and gradient 0.
struct CrossEntropy {
  static constexpr std::string_view kName = "cross_entropy";
  // Of losses of a nat or more: log(sum) is off by what the sum is off by, and by the logarithm.
  static constexpr double kTolerance = softmax_error(kWords) + kLogNearOne;
  static constexpr auto reference = cpu_ref::cross_entropy;
  Tensor logits;   // f32 [R, vocab]
  Tensor targets;  // i32 [R], -1 … vocab-1
  Tensor losses;   // f32 [R]
  Tensor dlogits;  // f32 [R, vocab], or none: only the losses
  float scale = 1.0f;
  Tensor now;  // StepValues (check_step), or none

  static void visit(auto& op, auto&& f) {
    f(Role::input, op.logits), f(Role::input, op.targets), f(Role::output, op.losses);
    f(Role::output, op.dlogits), f(Role::input, op.now, of_the_step);
  }

  CrossEntropyParams params() const {
    return {.n_rows = u32(logits.shape[0]),
            .vocab_size = u32(logits.shape[1]),
            .scale = scale,
            .with_gradient = dlogits ? 1u : 0u};
  }

  Status check() const {
    Checker c(kName);
    check_step(c.f32_of_rank("logits", logits, 2), now);
    if (!c.ok()) return c.status();
    c.tensor("targets", targets, DType::i32, {logits.shape[0]});
    c.f32("losses", losses, {logits.shape[0]});
    return (dlogits ? c.f32("dlogits", dlogits, logits.shape) : c).status();
  }
};

}  // namespace tritium
