// loss = T^2 KL(softmax(teacher / T) || softmax(logits / T)) (Hinton et al. 2015), and its gradient.
#include <algorithm>
#include <cmath>

#include "base/cancel.h"
#include "ops/kl_divergence.h"

namespace tritium::cpu_ref {
namespace {

double log_sum_exp(std::span<const float> logits, double temperature) {
  double largest = -INFINITY;
  for (double l : logits) largest = std::max(largest, l);
  double sum = 0;
  for (float l : logits) sum += std::exp((l - largest) / temperature);
  return largest / temperature + std::log(sum);
}

}  // namespace

void kl_divergence(const KlDivergenceParams& p, std::span<const float> logits, std::span<const float> teacher,
                   std::span<const int32_t> targets, std::span<float> losses, std::span<float> dlogits) {
  const double temperature = p.temperature;
  for (size_t r = 0; r < p.n_rows; ++r) {
    check_cancelled();
    losses[r] = 0.0f;
    if (targets[r] < 0) continue;
    const auto q_logits = logits.subspan(r * p.vocab_size, p.vocab_size);
    const auto p_logits = teacher.subspan(r * p.vocab_size, p.vocab_size);
    const double q_lse = log_sum_exp(q_logits, temperature), p_lse = log_sum_exp(p_logits, temperature);
    double divergence = 0;
    for (size_t c = 0; c < p.vocab_size; ++c) {
      const double log_q = q_logits[c] / temperature - q_lse, log_p = p_logits[c] / temperature - p_lse;
      if (std::exp(log_p) > 0) divergence += std::exp(log_p) * (log_p - log_q);
      if (p.with_gradient)
        dlogits[r * p.vocab_size + c] +=
            static_cast<float>(p.scale * temperature * (std::exp(log_q) - std::exp(log_p)));
    }
    // Rounding may leave less than 0; what is not a number stays that.
    losses[r] = static_cast<float>(temperature * temperature * (divergence < 0 ? 0.0 : divergence));
  }
}

}  // namespace tritium::cpu_ref
