// alpha = the mean of |w| over everything that shares it, from sums of |w|. Ma et al. 2024 (BitNet b1.58), section 2.
#include "ops/absmean.h"
#include "tensor/half.h"

namespace tritium::cpu_ref {

void absmean(const AbsmeanParams& p, std::span<const float> sums, std::span<float> alpha) {
  const size_t part = p.n_sums / p.n_groups;
  for (size_t g = 0; g < p.n_groups; ++g) {
    double sum = 0;
    for (size_t i = g * part; i < (g + 1) * part; ++i) sum += sums[i];
    float& stored = alpha[p.first + g];
    const double now = sum * p.factor;
    const bool averaged = p.momentum > 0.0f && stored > 0.0f;
    const auto value = static_cast<float>(averaged ? p.momentum * stored + (1.0 - p.momentum) * now : now);
    stored = p.round_to_f16 ? f16_to_f32(f32_to_f16(value)) : value;
  }
}

}  // namespace tritium::cpu_ref
