#include "cpu_ref/operations.h"

namespace tritium::cpu_ref {

void combine_experts(const CombineExpertsParams& p, std::span<const float> x, std::span<const float> weights,
                     std::span<float> y) {
  for (size_t t = 0; t < p.n_tokens; ++t)
    for (size_t d = 0; d < p.dim; ++d) {
      float sum = 0;
      for (size_t s = 0; s < p.top_k; ++s) sum += weights[t * p.top_k + s] * x[(t * p.top_k + s) * p.dim + d];
      y[t * p.dim + d] = sum;
    }
}

}  // namespace tritium::cpu_ref
