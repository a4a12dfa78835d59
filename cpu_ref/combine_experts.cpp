// y[t] = sum over the chosen experts s of weights[t][s] x[t][s], and the gradients.
#include "ops/combine_experts.h"
#include "ops/combine_experts_backward.h"

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

void combine_experts_backward(const CombineExpertsBackwardParams& p, std::span<const float> x,
                              std::span<const float> weights, std::span<const float> dy, std::span<float> dx,
                              std::span<float> dweights) {
  for (size_t slot = 0; slot < size_t{p.n_tokens} * p.top_k; ++slot) {
    double product = 0;
    for (size_t d = 0; d < p.dim; ++d) {
      const float dy_d = dy[slot / p.top_k * p.dim + d];
      dx[slot * p.dim + d] = weights[slot] * dy_d;
      product += double{dy_d} * x[slot * p.dim + d];
    }
    dweights[slot] = static_cast<float>(product);
  }
}

}  // namespace tritium::cpu_ref
