// The router of a mixture of experts: softmax over all experts, then the k most probable. Shazeer et al. 2017.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "cpu_ref/operations.h"

namespace tritium::cpu_ref {

void route_tokens(const RouteTokensParams& p, std::span<const float> logits, std::span<int32_t> expert_ids,
                  std::span<float> weights) {
  for (size_t t = 0; t < p.n_tokens; ++t) {
    const auto r = logits.subspan(t * p.n_experts, p.n_experts);
    const double largest = *std::max_element(r.begin(), r.end());
    double sum = 0;
    for (float logit : r) sum += std::exp(logit - largest);

    // Sorted by logit, not by probability: probabilities that round to the same number would tie falsely.
    std::vector<int32_t> order(p.n_experts);
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) { return r[a] > r[b]; });

    double chosen = 0;
    for (size_t s = 0; s < p.top_k; ++s) chosen += std::exp(r[order[s]] - largest) / sum;
    for (size_t s = 0; s < p.top_k; ++s) {
      const double probability = std::exp(r[order[s]] - largest) / sum;
      expert_ids[t * p.top_k + s] = order[s];
      weights[t * p.top_k + s] = static_cast<float>((p.renormalize ? probability / chosen : probability) * p.scale);
    }
  }
}

}  // namespace tritium::cpu_ref
