// bias_e += rate sign(1 / n - load_e)
#include "ops/balance_bias.h"

namespace tritium::cpu_ref {

void balance_bias(const BalanceBiasParams& p, std::span<const float> load, std::span<float> bias) {
  const float share = 1.0f / static_cast<float>(p.n_experts);
  for (size_t e = 0; e < p.n_experts; ++e) {
    if (load[e] < share) bias[e] += p.rate;
    if (load[e] > share) bias[e] -= p.rate;
  }
}

}  // namespace tritium::cpu_ref
